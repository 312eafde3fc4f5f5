"""Which days a round falls on, and in which order its doors come. Pure: no database, no clock."""
