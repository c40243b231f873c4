"""One file for each revision, by its number."""
