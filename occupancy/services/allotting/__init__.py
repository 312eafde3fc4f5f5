"""Giving all doors of some banks for an academic year."""
