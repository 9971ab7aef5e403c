"""An edition as organisers have it: one workbook, or a folder of CSV files."""
