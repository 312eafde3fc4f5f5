"""Keyed hashes of badge numbers and argon2id verifiers of PINs. Edge code: no Django.

Each organisation has a key of its own, made from the installation's, so that what one of its
bridges has to know hashes nothing of another. A bridge keeps the digests as the database has them:
hashed once more with a key of the bridge they would be no better hidden, for whoever opens the box
finds that key beside them, and both can be tried as quickly against all badge numbers there are.

The argon2 cost (19 MiB, 2 passes, 1 lane) is the smallest that OWASP's password storage
guidance lists for argon2id; it is settled for the smallest box that must verify.
"""

from __future__ import annotations

import functools
import hashlib
import hmac

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from access.badges import profiles
from access.badges.profiles import MAIN, Profile

_pins = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified when there is nobody to verify, so that an unknown number takes as long as a known one.
_NOBODY = _pins.hash("0000000000")


@functools.lru_cache(maxsize=1024)
def organisation_key(installation: bytes, organisation_id: int) -> bytes:
    """Return an organisation's key for hashes, made from the one of the installation."""
    info = b"lockwright badges of an organisation 1\0" + organisation_id.to_bytes(8)
    return HKDF(SHA256(), length=32, salt=None, info=info).derive(installation)


def badge_digest(key: bytes, canonical: str) -> str:
    """Return the HMAC-SHA256 of a badge's canonical key as 64 hexadecimal digits."""
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


def canonical_text(text: str, profile: Profile = MAIN) -> str:
    """Return the canonical key of what a reader of a profile delivers; raises BadReading."""
    return profiles.read(profile, text)


def visitor_code(code: str) -> str:
    """Return the canonical key of a visitor's code as it was typed, in groups or not."""
    return "code:" + "".join(code.split())


def personal_number(number: str) -> str:
    """Return the canonical key of a personal number."""
    return f"number:{number.strip()}"


def hint(text: str) -> str:
    """Return the last four characters of a text or canonical key, by which staff tell two apart."""
    return text.strip().rpartition(":")[2][-4:]


def token_digest(token: str) -> str:
    """Return the SHA-256 of a machine's random token; tokens have 256 bits, so no key is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def pin_verifier(pin: str) -> str:
    """Return the argon2id verifier of a PIN."""
    return _pins.hash(pin)


def pin_matches(verifier: str | None, pin: str) -> bool:
    """Say whether a PIN fits a verifier; None takes the same time and is never a match."""
    try:
        matches = _pins.verify(verifier or _NOBODY, pin)
    except (VerificationError, InvalidHashError):
        return False
    return matches and verifier is not None
