"""The forecasters of the pool, one family per file."""
