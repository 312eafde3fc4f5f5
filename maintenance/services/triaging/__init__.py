"""Triage: from what the locks say to tickets, each fault once."""
