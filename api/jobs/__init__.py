"""Work that takes longer than a request should: a table of jobs, and workers that take from it.

The table is the truth and nothing stands beside it. A worker takes a job with a lease and renews
it; a job whose lease ran out is taken by the next worker. A result is published in one transaction
that only the holder of the lease can make, so that it appears once.
"""
