"""Records and tables as readable pages; rendering comes last and computes nothing."""
