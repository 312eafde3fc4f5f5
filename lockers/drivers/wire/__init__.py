"""Wires that carry plain bytes: a port, a codec that finds frames, and one owner of both."""

from __future__ import annotations

from lockers.drivers.wire.bus import Bus
from lockers.drivers.wire.codec import Codec, Frame, Noise
from lockers.drivers.wire.line import Line, parse_line
from lockers.drivers.wire.log import Log, Logged

__all__ = ["Bus", "Codec", "Frame", "Line", "Log", "Logged", "Noise", "parse_line"]
