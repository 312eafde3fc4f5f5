"""What cards and keys say, as texts; no port and no clock."""

from __future__ import annotations

from lockers.drivers.base import Keyed, ReadError

# How long somebody may look for the next digit.
WINDOW_S = 8.0
MAX_DIGITS = 16
# Raw bits, and bits that were checked as Wiegand. There is a third format, of characters, which
# OSDP deprecates and libosdp drops.
_BIT_FORMATS = (0, 1)
_ENTER, _CLEAR, _DIGITS = b"#\r", b"*\x7f", b"0123456789"


def card_text(card_format: int, length: int, data: bytes, *, bits: int = 0) -> str | ReadError:
    """Return the bits of a card as whole bytes in hexadecimal, from the left, zeros after them.

    Where ``bits`` are expected no other length is taken: 26 bits and zeros look like 32 bits.
    """
    if card_format not in _BIT_FORMATS:
        return ReadError("characters", length)
    size = -(-length // 8)
    if not length or len(data) != size or (bits and length != bits):
        return ReadError("length", length)
    padding = 8 * size - length
    # Some readers leave something behind the last bit.
    frame = int.from_bytes(data, "big") >> padding << padding
    return frame.to_bytes(size, "big").hex().upper()


class Keypad:
    """Collect digits until # or Enter; * or Delete forgets them, and so does a long silence."""

    def __init__(self) -> None:
        self._digits = ""
        self._until = 0.0

    def press(self, keys: bytes, at: float) -> list[Keyed | ReadError]:
        """Take the keys of one message and return what they completed."""
        if at > self._until:
            self.forget()
        self._until = at + WINDOW_S
        done: list[Keyed | ReadError] = []
        for key in keys:
            if key in _DIGITS:
                self._digits = (self._digits + chr(key))[: MAX_DIGITS + 1]
            elif key in _CLEAR:
                self.forget()
            elif key in _ENTER and self._digits:
                is_whole = len(self._digits) <= MAX_DIGITS
                done.append(Keyed(self._digits) if is_whole else ReadError("length", MAX_DIGITS))
                self.forget()
        return done

    def forget(self) -> None:
        """Begin anew."""
        self._digits = ""
