"""The code that proves somebody who sets up an empty installation owns its server.

An empty installation makes whoever comes first its administrator. On a reachable address that
may be a stranger, so the first page asks for a code that only the server's owner can print
(``manage.py setup_code``). It is derived from LOCKWRIGHT_SECRET_KEY: nothing is stored, every
process knows the same one, and its 60 bits cannot be guessed through a web page. It is worth
nothing once the installation has an organisation or an administrator.
"""

from __future__ import annotations

from django.utils.crypto import constant_time_compare, salted_hmac

from access.models import User
from lockers.models import Organisation

# 32 letters and digits, without those that are mistaken for another when read aloud.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def is_empty() -> bool:
    """Say whether nobody has set this installation up."""
    return not (Organisation.objects.exists() or User.objects.filter(is_superuser=True).exists())


def code() -> str:
    """Return the set-up code of this installation, as three groups of four."""
    digest = salted_hmac("config.setup", "code", algorithm="sha256").digest()
    letters = "".join(_LETTERS[byte % 32] for byte in digest[:12])
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))


def fits(typed: str) -> bool:
    """Say whether somebody typed the code; case, blanks and hyphens do not matter."""
    plain = "".join(letter for letter in typed.upper() if letter.isalnum())
    return constant_time_compare(plain, code().replace("-", ""))
