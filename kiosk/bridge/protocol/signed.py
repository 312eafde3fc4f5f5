"""Frames that prove who wrote them, to whom, and at which place of which connection.

A signed frame is its signature in base64url, a dot, and its text. Beside the text the signature
covers the direction, the bridge, the nonce that the other side drew for this connection, and how
many frames went this way before. None of it is sent: who opens a frame knows it. So a frame that
was changed, forged, repeated, left out, put in another place, or taken from another connection,
bridge or direction does not open. No clock is asked.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES = NONCE_BYTES = 32
# 64 bytes in base64url without padding.
_SIGNATURE_CHARACTERS = 86


class BadSignature(Exception):
    """A frame that its supposed writer did not write, or not here and now."""


class Purpose(Enum):
    """What a signature is for; one for another purpose proves nothing."""

    TO_SERVER = b"lockwright bridge to server 1\0"
    TO_BRIDGE = b"lockwright server to bridge 1\0"
    NEW_KEY = b"lockwright new key of a bridge 1\0"


@dataclass(frozen=True)
class Context:
    """What a signature holds for beside the text."""

    purpose: Purpose
    bridge_id: int
    nonce: bytes

    def covered(self, counter: int, text: str) -> bytes:
        """Return the bytes to sign: parts of fixed length, then the text."""
        if len(self.nonce) != NONCE_BYTES:
            raise BadSignature("the nonce has another length")
        try:
            written = text.encode()
        except UnicodeEncodeError as error:
            raise BadSignature("no text") from error
        numbers = self.bridge_id.to_bytes(8) + counter.to_bytes(8)
        return self.purpose.value + numbers + self.nonce + written


def new_nonce() -> bytes:
    """Draw what makes a connection unlike every other."""
    return secrets.token_bytes(NONCE_BYTES)


def new_key() -> bytes:
    """Draw a private key."""
    return secrets.token_bytes(KEY_BYTES)


class Signer:
    """Signs the frames of one direction of one connection, in the order of sending."""

    def __init__(self, private: bytes, context: Context) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self._context = context
        self._counter = 0

    def seal(self, text: str) -> str:
        """Return the next frame."""
        signature = self._key.sign(self._context.covered(self._counter, text))
        self._counter += 1
        return f"{base64.urlsafe_b64encode(signature).decode().rstrip('=')}.{text}"


class Opener:
    """Opens the frames of one direction of one connection, in the order of their sending."""

    def __init__(self, public: Sequence[bytes], context: Context) -> None:
        """Take the keys that may have signed; the first frame tells which of them did."""
        self._keys = [Ed25519PublicKey.from_public_bytes(key) for key in public]
        self._context = context
        self._counter = 0

    def open(self, frame: str | bytes) -> str:
        """Return the text of the next frame; raises BadSignature, and then opens nothing more."""
        keys, self._keys = self._keys, []
        signature, text = _parts(frame)
        covered = self._context.covered(self._counter, text)
        for key in keys:
            try:
                key.verify(signature, covered)
            except InvalidSignature:
                continue
            self._keys = [key]
            self._counter += 1
            return text
        raise BadSignature("the signature does not match")


def unproven(frame: str | bytes) -> str:
    """Return what a frame says, whoever wrote it; raises BadSignature if it is not a signed one."""
    return _parts(frame)[1]


def _parts(frame: str | bytes) -> tuple[bytes, str]:
    if not isinstance(frame, str):
        raise BadSignature("not a text")
    encoded, text = frame[:_SIGNATURE_CHARACTERS], frame[_SIGNATURE_CHARACTERS + 1 :]
    if frame[_SIGNATURE_CHARACTERS : _SIGNATURE_CHARACTERS + 1] != ".":
        raise BadSignature("not signed")
    try:
        signature = base64.b64decode(f"{encoded}==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature("not signed") from error
    # Base64 leaves spare bits in its last letter: one signature has one text.
    if base64.urlsafe_b64encode(signature).decode().rstrip("=") != encoded:
        raise BadSignature("not our base64")
    return signature, text
