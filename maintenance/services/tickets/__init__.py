"""Tickets: reported once for each fault of a thing, worked on, and closed."""
