"""The edge agent beside a bank: turns commands into pulses on a wire. No Django."""
