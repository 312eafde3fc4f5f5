"""What repair, rounds, parts and assets refuse, each room in its own file."""
