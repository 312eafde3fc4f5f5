"""Who waits for a door, and what is offered to them."""
