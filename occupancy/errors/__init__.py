"""What occupancy refuses, by noun; every refusal has a code and a sentence."""
