"""Rounds: planned ahead, done door by door, closed."""
