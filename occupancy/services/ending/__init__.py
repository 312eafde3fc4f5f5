"""How uses end: warned, expired, recovered, and what was found."""
