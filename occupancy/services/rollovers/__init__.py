"""From one academic year to the next."""
