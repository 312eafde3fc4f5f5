"""What `make bench` measures, through the shipped server processes."""
