"""The workbook of a re-forecast: seven sheets, filled by `commitment reforecast`."""
