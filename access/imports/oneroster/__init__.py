"""The pupils of one school out of a OneRoster set: no more of it than lockers need."""
