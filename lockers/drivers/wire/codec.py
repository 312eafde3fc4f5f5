"""What every family of boards has in common on a wire: bytes become frames, or noise. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame as it stood on the wire, its check byte (where there is one) right."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no frame: an adapter's greeting, a reflection, a frame that broke."""

    data: bytes


class Codec(Protocol):
    """Finds the frames of one family in a stream of bytes, with no port and no clock.

    Every byte that was fed comes out once, in order, in a frame or as noise: at the latest when
    the line falls silent.
    """

    @property
    def is_in_the_middle(self) -> bool:
        """Whether bytes are kept that are not decided yet."""
        ...

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take what arrived and return what it completed."""
        ...

    def silence(self) -> list[Frame | Noise]:
        """Decide all that is kept: nothing more belongs to it."""
        ...
