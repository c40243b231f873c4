"""Request logs of any size: one row per request in, days and arrival histograms out.

Nothing else of a request is kept, and what was said in it is never read.
"""
