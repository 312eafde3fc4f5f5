"""The root of everything that is understood and politely not done.

Refusal
├── Busy                others kept being faster; the same request may come again
├── KeyMissing          a state-changing request came without an idempotency key
└── KeyReused           a key came again with a different request
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """Something that will not be done, with a stable code and a sentence for the person.

    What has to be kept although the request is rolled back (its audit event, a counted wrong
    PIN) is added with ``keep`` and written by whoever ends the request.
    """

    code: str = "refused"
    http_status: int = 409
    sentence: str | Promise = _("That cannot be done.")

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts
        self.kept: list[Callable[[], object]] = []

    def __str__(self) -> str:
        return str(self.sentence) % self.facts

    def keep(self, write: Callable[[], object]) -> Self:
        """Add something to write after the roll-back."""
        self.kept.append(write)
        return self

    def body(self) -> dict[str, Any]:
        """Return the one JSON shape of an error."""
        return {"code": self.code, "message": str(self), "facts": self.facts}


# What the database refuses by a condition of ours, by its SQLSTATE.
BY_SQLSTATE: dict[str, type[Refusal]] = {}


class Again(Exception):
    """Others were faster and nothing is decided: roll back and run the same work once more."""


class Busy(Refusal):
    code = "busy"
    http_status = 503
    sentence = _("Many people are asking at once. Try again in a moment.")


class KeyMissing(Refusal):
    code = "idempotency_key_missing"
    http_status = 400
    sentence = _("Send an Idempotency-Key header of 8 to 80 characters with this request.")


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    http_status = 422
    sentence = _("This idempotency key was already used for a different request.")
