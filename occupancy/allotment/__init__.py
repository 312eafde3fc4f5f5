"""Who gets which door of a whole term. Pure: no database, no clock, no chance but the seed."""
