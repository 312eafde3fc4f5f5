"""Doors from hand to hand: given, moved, shared, and overridden by staff."""
