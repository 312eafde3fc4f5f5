"""What is read from files into allotments."""
