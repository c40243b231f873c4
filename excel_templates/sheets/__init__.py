"""One module per sheet: how it is designed, and how it is filled."""
