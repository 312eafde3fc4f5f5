"""Sealing what has to be read again: encrypted, and tied to its place. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class CannotOpen(Exception):
    """No key is set, none fits, or the token was moved from another place."""


def seal(keys: Sequence[str], place: str, text: str) -> str:
    """Encrypt under the newest key; ``place`` says where the token belongs.

    Raises CannotOpen without a key: nothing is ever stored in clear.
    """
    # The place is sealed in, so that a token copied to another row does not open there.
    return _box(keys).encrypt(f"{place}\n{text}".encode()).decode()


def unseal(keys: Sequence[str], place: str, token: str) -> str:
    """Return the text; raises CannotOpen."""
    try:
        sealed_in, _newline, text = _box(keys).decrypt(token.encode()).decode().partition("\n")
    except InvalidToken as error:
        raise CannotOpen from error
    if sealed_in != place:
        raise CannotOpen
    return text


def reseal(keys: Sequence[str], token: str) -> str:
    """Encrypt again under the newest key; raises CannotOpen."""
    try:
        return _box(keys).rotate(token.encode()).decode()
    except InvalidToken as error:
        raise CannotOpen from error


def _box(keys: Sequence[str]) -> MultiFernet:
    if not keys:
        raise CannotOpen
    return MultiFernet([Fernet(key) for key in keys])
