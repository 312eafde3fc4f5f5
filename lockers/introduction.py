"""How a box and its server get to know each other by a one-time code. Edge code: no Django.

The code is never sent, for who stands between the two would use it first. Both sides derive a key
pair from it. The box signs its own new public key with the private half, which only who knows the
code can; the server keeps the public half, which is enough to check that and never crosses the
wire either, and authenticates its answer under it. So neither side can be given a key of somebody
between them. All that an eavesdropper can do is guess the code: 16 letters of 31 are 79 bits.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# No letters or digits that are mistaken for another when read aloud.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _LETTERS_IN_GROUP = 4, 4

_CODE = b"lockwright enrolment code 1"
_REQUEST = b"lockwright enrolment request 1\0"
_ANSWER = b"lockwright enrolment answer 1"


def new_code() -> str:
    """Draw a one-time code."""
    return "-".join(
        "".join(secrets.choice(LETTERS) for _letter in range(_LETTERS_IN_GROUP))
        for _group in range(_GROUPS)
    )


def code_key(code: str) -> bytes:
    """Return the public half of a code's key pair: what the server keeps of the code."""
    return _code_pair(code).public_key().public_bytes_raw()


def public_key(private: bytes) -> bytes:
    """Return the public key that belongs to a private one."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def request(code: str, private: bytes) -> tuple[bytes, bytes]:
    """Sign a box's public key with its code and with itself; return both signatures."""
    own = Ed25519PrivateKey.from_private_bytes(private)
    covered = _REQUEST + own.public_key().public_bytes_raw()
    return _code_pair(code).sign(covered), own.sign(covered)


def is_asked(public: bytes, by_code: bytes, by_itself: bytes, code: bytes) -> bool:
    """Say whether who knows a code and has the private key asked to enrol a public key."""
    covered = _REQUEST + public
    try:
        Ed25519PublicKey.from_public_bytes(code).verify(by_code, covered)
        Ed25519PublicKey.from_public_bytes(public).verify(by_itself, covered)
    except (InvalidSignature, ValueError):
        return False
    return True


def vouch(code: bytes, public: bytes, bridge_id: int, server_keys: Sequence[bytes]) -> bytes:
    """Return what authenticates the answer to a box, given the public half of its code."""
    key = HKDF(SHA256(), length=32, salt=None, info=_ANSWER).derive(code)
    said = bridge_id.to_bytes(8) + public + b"".join(server_keys)
    return hmac.new(key, said, hashlib.sha256).digest()


def is_vouched(
    code: bytes, public: bytes, bridge_id: int, server_keys: Sequence[bytes], given: bytes
) -> bool:
    """Say whether an answer came from the server that made the code."""
    return hmac.compare_digest(vouch(code, public, bridge_id, server_keys), given)


def _code_pair(code: str) -> Ed25519PrivateKey:
    letters = "".join(letter for letter in code.upper() if letter.isalnum())
    seed = HKDF(SHA256(), length=32, salt=None, info=_CODE).derive(letters.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)
