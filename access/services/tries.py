"""Limits on guesses at codes and hosts: counted as wrong PINs are, told in words of their own."""

from __future__ import annotations

import datetime as dt

from access.back_off import BACK_OFF
from access.errors.pins import PinDisabled, TooManyAttempts
from access.errors.visits import TooManyTries
from access.services import throttles
from access.services.throttles import Guess
from audit.errors import Refusal
from audit.services.events import Actor


def check(*, guess: Guess, at: dt.datetime) -> None:
    """Raise TooManyTries while the device has to wait."""
    try:
        throttles.check(guess=guess, at=at)
    except TooManyAttempts as error:
        raise TooManyTries(**error.facts) from error
    except PinDisabled as error:
        # The very same wrong text ten times over: nothing was ever behind it.
        raise TooManyTries(wait_seconds=int(BACK_OFF[-1].total_seconds())) from error


def count(*, refusal: Refusal, guess: Guess, actor: Actor, at: dt.datetime) -> None:
    """Count a wrong try, and let its refusal say how long to wait."""
    wait = throttles.count(guess=guess, actor=actor, at=at)
    if wait.lasts is not None:
        refusal.facts["wait_seconds"] = int(wait.lasts.total_seconds())
