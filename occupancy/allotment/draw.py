"""A draw that anybody can check, and nobody can try out.

Before the window for wishes opens, 32 random bytes are made: the seed. Its SHA-256 is published,
itself it stays sealed. When the window is over, the input is frozen and its digest published; then
the seed is revealed. Chance is HMAC-SHA-256 under ``mixed(seed, digest)``: whoever set the seed did
not know the wishes, and whoever wrote the wishes did not know the seed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

SEED_BYTES = 32


def commitment(seed: bytes) -> str:
    """Return what is published of a seed before it is revealed, in hexadecimal."""
    return hashlib.sha256(seed).hexdigest()


@dataclass(frozen=True, slots=True)
class Draw:
    """The chance of one allotment: for each name a number that nobody could choose."""

    key: bytes

    @classmethod
    def mixed(cls, seed: bytes, digest: str) -> Draw:
        """Return the draw of a seed over an input of this digest (hexadecimal)."""
        return cls(hmac.digest(seed, bytes.fromhex(digest), "sha256"))

    def number(self, kind: str, name: str) -> int:
        """Return the number drawn for something; the lowest comes first."""
        return int.from_bytes(hmac.digest(self.key, f"{kind}:{name}".encode(), "sha256"))

    def order(self, kind: str, names: Iterable[str]) -> list[str]:
        """Return names in the order in which they are drawn."""
        return sorted(names, key=lambda name: (self.number(kind, name), name))
