"""Starts everything a demonstration needs in one foreground group, and leaves nothing behind."""
