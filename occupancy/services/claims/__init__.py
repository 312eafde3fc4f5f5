"""Who has a door: taken, opened again, renewed, given back."""
