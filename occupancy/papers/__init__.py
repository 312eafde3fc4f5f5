"""What is printed on paper, or opened as a spreadsheet. Pure: no database, no clock."""
