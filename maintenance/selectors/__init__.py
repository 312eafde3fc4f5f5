"""What is read of repair, rounds, parts and assets."""
