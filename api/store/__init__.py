"""What the service keeps: rows in a database, and files beside it under their own digest.

    columns      money as micro-dollars, instants in UTC
    schema       the tables
    migrations/  how a database gets from one release's tables to the next's
    database     connections, transactions, and faults of the disk or the server in plain words
    artifacts    immutable files by SHA-256, apart for each organisation
    opening      a Store: both together, as the settings say
    …            one module for each kind of thing that is kept

Every table but `organisations` has the organisation a row belongs to, and every function that
reads or writes rows of one takes its id: what another organisation owns is not found.
"""
