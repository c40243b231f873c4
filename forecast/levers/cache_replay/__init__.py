"""What a prompt cache would have kept of the requests of a trace."""
