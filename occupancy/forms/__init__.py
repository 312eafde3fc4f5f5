"""What people fill in, and the lists that they type or upload."""
