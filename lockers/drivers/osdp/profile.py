"""What the configuration may say about an OSDP reader, checked before it is spoken to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lockers.drivers.errors import BadProfile
from lockers.drivers.wire.line import BAUDRATES

MAX_UNIT = 126
# The most that libosdp takes from a card.
MAX_BITS = 512
_KEY = re.compile(r"[0-9A-Fa-f]{32}")
# SCBK-D, the key that every reader has before it is given its own: everybody knows it.
_DEFAULT_KEY = bytes(range(0x30, 0x40))
_OPTIONS = ("baudrate", "bits", "secure")


@dataclass(frozen=True, slots=True)
class Profile:
    """One reader of a wire."""

    unit: int
    key: bytes = field(repr=False)
    baudrate: int = 9600
    bits: int = 0
    """Exactly as many as its cards have, since frames of other lengths can look alike; 0 is any."""
    secure: Literal["enforce", "install"] = "enforce"
    """Whether a reader that still has the default key is given its own."""


def parse_profile(*, unit: int, key: str, options: Mapping[str, Any]) -> Profile:
    """Check address, key and every option; raises BadProfile with the name of the first bad one."""
    for name in options:
        if name not in _OPTIONS:
            raise BadProfile(f"option {name!r} is not known", field=name)
    if not _is_whole(unit) or not 0 <= unit <= MAX_UNIT:
        raise BadProfile(f"unit is {unit!r}; it must be 0 to {MAX_UNIT}", field="unit")
    if not _KEY.fullmatch(key):
        raise BadProfile("a reader needs a key of its own: 32 hexadecimal digits", field="key")
    profile = Profile(unit, bytes.fromhex(key), **options)
    if profile.key == _DEFAULT_KEY:
        raise BadProfile("the default key of all readers is no secret", field="key")
    if not _is_whole(profile.baudrate) or profile.baudrate not in BAUDRATES:
        told = ", ".join(str(one) for one in BAUDRATES)
        raise BadProfile(
            f"baudrate is {profile.baudrate!r}; it must be one of {told}", field="baudrate"
        )
    if not _is_whole(profile.bits) or not 0 <= profile.bits <= MAX_BITS:
        raise BadProfile(f"bits is {profile.bits!r}; it must be 0 to {MAX_BITS}", field="bits")
    if profile.secure not in ("enforce", "install"):
        raise BadProfile(
            f"secure is {profile.secure!r}; it must be enforce or install", field="secure"
        )
    return profile


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
