"""The label on a door: a short code that leads to the door's page, and cannot be guessed.

The code is made from the door's number in the database and the installation's key; nothing of it
is stored. A label that was printed once stays good as long as the door, also when the key is
changed and the old one is kept among the fallbacks.
"""

from __future__ import annotations

import base64
import re

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

# Sixty bits: nobody finds the label of a door by trying.
_SIGNS = 12
_CODE = re.compile(rf"([0-9a-z]{{1,13}})-([a-z2-7]{{{_SIGNS}}})")
_LARGEST_ID = 2**63 - 1
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def code_of(compartment_id: int) -> str:
    """Return what the label of a door says after the address."""
    return f"{_short(compartment_id)}-{_signature(compartment_id)}"


def door_on(code: str) -> int | None:
    """Return the number of the door whose label it is; None for what we did not sign."""
    parts = _CODE.fullmatch(code.lower())
    if parts is None:
        return None
    compartment_id = int(parts[1], 36)
    if compartment_id > _LARGEST_ID or _short(compartment_id) != parts[1]:
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    signed = [_signature(compartment_id, key) for key in keys]
    is_ours = any(constant_time_compare(one, parts[2]) for one in signed)
    return compartment_id if is_ours else None


def address_of(compartment_id: int) -> str:
    """Return the whole address that the label's picture holds."""
    path = reverse("door-report", args=[code_of(compartment_id)])
    return str(settings.PUBLIC_URL).rstrip("/") + path


def _signature(compartment_id: int, key: str | bytes | None = None) -> str:
    made = salted_hmac("maintenance.door_label", str(compartment_id), key, algorithm="sha256")
    return base64.b32encode(made.digest()).decode().lower()[:_SIGNS]


def _short(number: int) -> str:
    """Return a number in few signs."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
