"""Collections at the end of a term."""
