"""A pass that somebody shows as a QR code: signed here, read anywhere. Edge code: no Django.

The text is "LW1:" and the base32 of a COSE_Sign1 message (RFC 9052) signed with Ed25519, so that a
QR code takes it in its dense alphanumeric mode and a reader that types can type it. The payload is
a CBOR map with the claim numbers of RFC 8392 where there is one: 1 organisation, 2 person, 4 end,
5 start (both seconds since 1970), 7 the pass's own id; and of our own -1 door and -2 single use.

A signature tells that we made the pass. Whether it was revoked or used since, and what its person
may open, only the register knows.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lockers.drivers.base import SIGNED

PREFIX = SIGNED
# More than any pass that we make; what is longer is not looked at.
LONGEST = 400
# A phone, a server and a bridge each have their own clock.
SKEW = dt.timedelta(seconds=120)

# COSE: the tag of a COSE_Sign1 message, the header of the key's id, and the protected header that
# says EdDSA (1: -8).
_SIGN1, _KEY_ID = 18, 4
_PROTECTED = cbor2.dumps({1: -8})
_ORGANISATION, _PERSON, _ENDS, _STARTS, _ID, _DOOR, _SINGLE = 1, 2, 4, 5, 7, -1, -2


class Unreadable(StrEnum):
    """Why a text is no pass of ours."""

    NOT_A_PASS = "pass_unreadable"
    UNKNOWN_KEY = "pass_unknown_key"
    FORGED = "pass_forged"


class PassError(Exception):
    """A text that is no pass of ours, and why."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Pass:
    """What is signed: whose it is, when, and for which door (None: any of theirs)."""

    id: uuid.UUID
    organisation_id: int
    person_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    compartment_id: int | None = None
    is_single_use: bool = False


def key_id(public: bytes) -> bytes:
    """Return the four bytes by which a pass names the key that signed it."""
    return hashlib.sha256(public).digest()[:4]


def public_key(seed: bytes) -> bytes:
    """Return the 32 bytes of the public key that belongs to a private one."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def public_keys(seeds: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return by key id what is needed to read passes signed with any of these keys."""
    return {key_id(public): public for public in map(public_key, seeds)}


def sign(given: Pass, seed: bytes) -> str:
    """Return the text of a pass; the same pass and key give the same text."""
    claims: dict[int, object] = {
        _ORGANISATION: given.organisation_id,
        _PERSON: given.person_id,
        _ENDS: int(given.ends_at.timestamp()),
        _STARTS: int(given.starts_at.timestamp()),
        _ID: given.id.bytes,
    }
    if given.compartment_id is not None:
        claims[_DOOR] = given.compartment_id
    if given.is_single_use:
        claims[_SINGLE] = True
    public, payload = public_key(seed), cbor2.dumps(claims, canonical=True)
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(_signed(payload))
    unprotected = {_KEY_ID: key_id(public)}
    message = cbor2.dumps(cbor2.CBORTag(_SIGN1, [_PROTECTED, unprotected, payload, signature]))
    return PREFIX + base64.b32encode(message).decode().rstrip("=")


def read(text: str, keys: Mapping[bytes, bytes]) -> Pass:
    """Return what a text says once its signature is proven; raises PassError.

    ``keys`` are public keys by key id. Neither times nor revocation are judged here.
    """
    if not text.startswith(PREFIX) or len(text) > LONGEST:
        raise PassError(Unreadable.NOT_A_PASS)
    try:
        named, payload, signature = _opened(text[len(PREFIX) :])
        public = keys.get(named)
        if public is None:
            raise PassError(Unreadable.UNKNOWN_KEY)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(payload))
        return _pass(cbor2.loads(payload))
    except InvalidSignature as error:
        raise PassError(Unreadable.FORGED) from error
    except (
        binascii.Error,
        cbor2.CBORDecodeError,
        LookupError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise PassError(Unreadable.NOT_A_PASS) from error


def _opened(encoded: str) -> tuple[bytes, bytes, bytes]:
    """Return key id, payload and signature of a message of exactly the form that we write."""
    message = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    # Base32 leaves spare bits in its last letter: one pass has one text.
    if base64.b32encode(message).decode().rstrip("=") != encoded:
        raise ValueError("not our base32")
    tag = cbor2.loads(message)
    if not isinstance(tag, cbor2.CBORTag) or tag.tag != _SIGN1:
        raise TypeError("no COSE_Sign1 message")
    protected, unprotected, payload, signature = tag.value
    # Another algorithm than ours is never tried.
    if protected != _PROTECTED:
        raise ValueError("another algorithm")
    named = unprotected[_KEY_ID] if isinstance(unprotected, dict) else None
    if (
        not isinstance(named, bytes)
        or not isinstance(payload, bytes)
        or not isinstance(signature, bytes)
    ):
        raise TypeError("a part is no bytes")
    return named, payload, signature


def _signed(payload: bytes) -> bytes:
    """Return what the signature covers: the Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", _PROTECTED, b"", payload])


def window(given: Pass) -> tuple[dt.datetime, dt.datetime]:
    """Return from when until when a pass counts, clocks that differ by SKEW allowed for."""
    return given.starts_at - SKEW, given.ends_at + SKEW


def _pass(claims: dict[int, object]) -> Pass:
    numbers = {}
    for name in (_ORGANISATION, _PERSON, _ENDS, _STARTS):
        value = claims[name]
        if not isinstance(value, int):
            raise TypeError(f"claim {name} is no number")
        numbers[name] = value
    door, given_id = claims.get(_DOOR), claims[_ID]
    if not isinstance(given_id, bytes) or not (door is None or isinstance(door, int)):
        raise TypeError("a claim is of another kind")
    return Pass(
        id=uuid.UUID(bytes=given_id),
        organisation_id=numbers[_ORGANISATION],
        person_id=numbers[_PERSON],
        starts_at=dt.datetime.fromtimestamp(numbers[_STARTS], dt.UTC),
        ends_at=dt.datetime.fromtimestamp(numbers[_ENDS], dt.UTC),
        compartment_id=door,
        is_single_use=claims.get(_SINGLE) is True,
    )
