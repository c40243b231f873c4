"""One module per layout of a request log, and recognition by columns."""
