"""What the access register refuses.

Refusal
├── NotAllowed          the decision said no; its code is the decision's
├── UnknownBadge        nobody has this badge
├── BadRead             the reader did not deliver a whole badge number
├── WrongPin            number and PIN do not belong together
├── TooManyAttempts     wrong PINs: wait
├── BadgeTaken          the badge belongs to somebody already
└── WeakPin             a PIN that would be guessed
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from access.decisions import Code, Decision
from audit.errors import Refusal

_SENTENCES = {
    Code.PERSON_SUSPENDED: _("Your access is suspended at the moment. Ask reception."),
    Code.PERSON_LEFT: _("This badge belongs to somebody who has left. Ask reception."),
    Code.PERSON_HELD: _("Your access is on hold. Ask reception."),
    Code.CREDENTIAL_SUSPENDED: _("This badge is suspended. Ask reception."),
    Code.CREDENTIAL_REVOKED: _("This badge is not valid any more. Ask reception for a new one."),
    Code.CREDENTIAL_NOT_YET_VALID: _("This badge is not valid yet. Ask reception."),
    Code.CREDENTIAL_OVER: _("This badge is not valid any more. Ask reception for a new one."),
    Code.PIN_REQUIRED: _("These lockers ask for your PIN as well. Type it at the screen."),
    Code.NO_GRANT: _("This locker is not yours. Tap your badge to see yours."),
    Code.GRANT_OVER: _("Your time with this locker is over. Ask reception to open it."),
    Code.OUT_OF_SERVICE: _("This locker is out of service. Choose another."),
    Code.CURFEW: _("These lockers are shut at this hour. Come back when they open."),
}


def _wait(seconds: int) -> str:
    return ngettext(
        "That PIN does not match. You can try again in %(wait)d second.",
        "That PIN does not match. You can try again in %(wait)d seconds.",
        seconds,
    ) % {"wait": seconds}


class NotAllowed(Refusal):
    http_status = 403

    def __init__(self, decision: Decision, **facts: Any) -> None:
        super().__init__(**facts)
        self.decision = decision
        self.code = decision.code.value
        self.sentence = _SENTENCES[decision.code]


class UnknownBadge(Refusal):
    code = "unknown_badge"
    http_status = 404
    sentence = _("This badge is not known here. Ask reception to add it.")


class BadRead(Refusal):
    code = "bad_read"
    http_status = 400
    sentence = _("The badge was not read whole. Hold it flat on the reader and try again.")


class WrongPin(Refusal):
    code = "wrong_pin"
    http_status = 403
    sentence = _("That number and PIN do not match. Try again.")

    def waits(self, wait: dt.timedelta) -> None:
        """Say that this one was once too often, and how long to wait from now."""
        self.facts["wait_seconds"] = int(wait.total_seconds())

    def __str__(self) -> str:
        wait = self.facts.get("wait_seconds")
        return super().__str__() if wait is None else _wait(wait)


class TooManyAttempts(Refusal):
    code = "too_many_attempts"
    http_status = 429

    def __init__(self, *, wait_seconds: int) -> None:
        super().__init__(wait_seconds=wait_seconds)

    def __str__(self) -> str:
        return _wait(self.facts["wait_seconds"])


class BadgeTaken(Refusal):
    code = "badge_taken"
    sentence = _("This badge belongs to somebody already, or did once. Use another.")


class WeakPin(Refusal):
    code = "weak_pin"
    http_status = 400
    sentence = _("Choose 6 to 12 digits that are not all the same and not a run like 123456.")
