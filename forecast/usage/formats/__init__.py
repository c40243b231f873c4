"""One module per export format, and detection by content."""
