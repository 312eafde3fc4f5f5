"""What is refused of PINs.

Refusal
├── WrongPin         number and PIN do not belong together
├── WrongOwnPin      the PIN of somebody who is known already is wrong
├── TooManyAttempts  wrong PINs: wait
├── PinDisabled      wrong PINs: too often, staff must clear it
└── WeakPin          a PIN that would be guessed
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.errors import Refusal

_DISABLED = _("There were too many wrong PINs. Use your badge, or ask reception for a new PIN.")


def _wait(seconds: int) -> str:
    return ngettext(
        "That PIN does not match. You can try again in %(wait)d second.",
        "That PIN does not match. You can try again in %(wait)d seconds.",
        seconds,
    ) % {"wait": seconds}


class WrongPin(Refusal):
    code = "wrong_pin"
    http_status = 403
    sentence = _("That number and PIN do not match. Try again.")

    def waits(self, wait: dt.timedelta | None, *, is_disabled: bool = False) -> None:
        """Say that this one was once too often, and how long to wait from now."""
        if is_disabled:
            self.facts["disabled"] = True
        elif wait is not None:
            self.facts["wait_seconds"] = int(wait.total_seconds())

    def __str__(self) -> str:
        if self.facts.get("disabled"):
            return str(_DISABLED)
        wait = self.facts.get("wait_seconds")
        return super().__str__() if wait is None else _wait(wait)


class WrongOwnPin(WrongPin):
    sentence = _("That PIN does not match. Try again.")


class TooManyAttempts(Refusal):
    code = "too_many_attempts"
    http_status = 429

    def __init__(self, *, wait_seconds: int) -> None:
        super().__init__(wait_seconds=wait_seconds)

    def __str__(self) -> str:
        return _wait(self.facts["wait_seconds"])


class PinDisabled(Refusal):
    code = "pin_disabled"
    http_status = 403
    sentence = _DISABLED


class WeakPin(Refusal):
    """A PIN that would be guessed; ``why`` is one of the words of access.services.pins."""

    code = "weak_pin"
    http_status = 400

    def __init__(self, *, why: str, least: int) -> None:
        super().__init__(why=why, least=least)
        self.sentence = _WEAK[why]


_WEAK = {
    "length": _("Choose %(least)s to 12 digits, and nothing but digits."),
    "pattern": _("Choose %(least)s to 12 digits that do not repeat and do not run like 123456."),
    "own_number": _("Your personal number is in this PIN. Choose %(least)s to 12 other digits."),
    "date": _("This looks like a date, and dates are tried first. Choose other digits."),
    "common": _("Many people choose this PIN. Choose another."),
    "same": _("That is your PIN already. Choose another."),
}
