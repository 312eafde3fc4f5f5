"""How times are written; Django looks here before its own formats."""
