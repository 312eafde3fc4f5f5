"""Board and reader drivers: edge code, imported by the bridge and by nothing that needs Django."""
