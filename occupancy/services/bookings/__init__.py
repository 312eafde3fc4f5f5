"""Doors for a time to come: booked, changed, closed, moved, begun."""
