"""What the workbook's formulas say, worked out without a spreadsheet program."""
