"""What is filled in about repair, rounds, parts and assets."""
