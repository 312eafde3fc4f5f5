"""Commissioning a bank: begun, tried lock by lock, confirmed by a person, and gone live."""
