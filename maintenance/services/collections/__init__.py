"""Collections at the end of a term: begun, said door by door, settled, closed and cleared."""
