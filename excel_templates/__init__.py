"""The negotiation workbook: its design, its template and its filler."""
