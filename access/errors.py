"""What the access register refuses.

Refusal
├── NotAllowed          the decision said no; its code is the decision's
│   └── PassNotAllowed  ... on a pass
├── PassRefused         a code that is no pass of this organisation
├── PassOver            a pass that would end before it starts
├── NoPassKey           the installation has no key to sign passes with
├── DoorOfAnother       a door of another organisation
├── UnknownBadge        nobody has this badge
├── BadRead             the reader did not deliver a whole badge number
├── UnknownFormat       a card of a kind that the reader's profile does not know
├── WrongPin            number and PIN do not belong together
│   └── WrongOwnPin     the PIN of somebody who is known already is wrong
├── TooManyAttempts     wrong PINs: wait
├── PinDisabled         wrong PINs: too often, staff must clear it
├── BadgeTaken          the badge belongs to somebody already
├── UnreadableBadge     a number that no badge of the chosen profile has
├── WeakPin             a PIN that would be guessed
├── RunNotDone          required steps of a checklist are open
├── StepKnown           the register itself sees that a step is not done
├── ReasonMissing       a step is left out and nobody says why
├── KeyIsOut            somebody has this key
├── KeyNotOut           nobody has this key
├── KeyNotInUse         the key is lost or retired
├── KeyNotLost          only a lost key can be found
├── NotYourKey          somebody else has this key
├── CannotHoldKeys      the person left, is stopped or belongs elsewhere
├── NotSigned           a key is handed out for a signature only
├── TwoPeopleNeeded     a master key is not issued by one person
├── SamePerson          one person cannot confirm their own request
├── ReleaseNotWaiting   the request was confirmed, cancelled or is too old
├── ReleaseWaiting      somebody asked for this master key already
├── CountIncomplete     keys of the cabinet were not counted
├── CombinationsSealed  the key to the combinations is missing or wrong
├── NoCombination       the lock has none stored
├── BadCombination      not what a dial can be set to
└── LocksChanged        the locks are not as they were looked at
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from access.badges.profiles import Fault
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
    Code.CREDENTIAL_USED: _("This was good for one use, which is over. Ask reception."),
    Code.PIN_REQUIRED: _("These lockers ask for your PIN as well. Type it at the screen."),
    Code.NO_ACCESS: _("You have no access to these lockers yet. Ask for it, or ask reception."),
    Code.ACCESS_OVER: _("Your access to these lockers is over. Ask for more, or ask reception."),
    Code.NO_GRANT: _("This locker is not yours. Tap your badge to see yours."),
    Code.GRANT_OVER: _("Your time with this locker is over. Ask reception to open it."),
    Code.OUT_OF_SERVICE: _("This locker is out of service. Choose another."),
    Code.CURFEW: _("These lockers are shut at this hour. Come back when they open."),
}

# What is said when it was a PIN that was shown.
_OF_A_PIN = {
    Code.PERSON_LEFT: _("This PIN belongs to somebody who has left. Ask reception."),
    Code.CREDENTIAL_SUSPENDED: _("This PIN is suspended. Ask reception."),
    Code.CREDENTIAL_REVOKED: _("This PIN is not valid any more. Ask reception for a new one."),
    Code.CREDENTIAL_NOT_YET_VALID: _("This PIN is not valid yet. Ask reception."),
    Code.CREDENTIAL_OVER: _("This PIN is not valid any more. Ask reception for a new one."),
}
# When it was the code of a visit.
_OF_A_CODE = {
    Code.CREDENTIAL_REVOKED: _("This code is over. Ask reception for a new one."),
    Code.CREDENTIAL_OVER: _("This code is over. Ask reception for a new one."),
}
# And when it was a pass.
_OF_A_PASS = {
    Code.PERSON_LEFT: _("This pass belongs to somebody who has left. Ask reception."),
    Code.CREDENTIAL_REVOKED: _("This pass was taken back. Ask reception for a new one."),
    Code.CREDENTIAL_NOT_YET_VALID: _("This pass is not valid yet. Look at the time it says."),
    Code.CREDENTIAL_OVER: _("This pass is not valid any more. Ask for a new one."),
    Code.CREDENTIAL_USED: _("This pass was for one use, and was used. Ask for a new one."),
}
_DISABLED = _("There were too many wrong PINs. Use your badge, or ask reception for a new PIN.")


# Why a number that staff type or bring in a file is no badge of the profile they chose.
UNREADABLE = {
    Fault.CHARACTERS: _("This is not how a badge of this profile is written. Check the profile."),
    Fault.LENGTH: _("This number is longer or shorter than the profile says. Write all of it."),
    Fault.RANGE: _("No card of this profile has this number. Check the number and the profile."),
    Fault.PARITY: _("A check bit of this number is wrong. Read the card again."),
    Fault.TRUNCATED: _(
        "This is only part of a longer serial number; other cards share it. Set the reader to"
        " deliver the whole of it."
    ),
    Fault.RANDOM: _(
        "This card gives another serial number each time, so it cannot be known again by it. Use"
        " another card."
    ),
}


def _wait(seconds: int) -> str:
    return ngettext(
        "That PIN does not match. You can try again in %(wait)d second.",
        "That PIN does not match. You can try again in %(wait)d seconds.",
        seconds,
    ) % {"wait": seconds}


class NotAllowed(Refusal):
    http_status = 403

    def __init__(
        self, decision: Decision, *, is_pin: bool = False, is_code: bool = False, **facts: Any
    ) -> None:
        super().__init__(**facts)
        self.decision = decision
        self.code = decision.code.value
        self.sentence = _SENTENCES[decision.code]
        if is_pin:
            self.sentence = _OF_A_PIN.get(decision.code, self.sentence)
        if is_code:
            self.sentence = _OF_A_CODE.get(decision.code, self.sentence)


class PassNotAllowed(NotAllowed):
    """The decision on a pass said no."""

    def __init__(self, decision: Decision, **facts: Any) -> None:
        super().__init__(decision, **facts)
        self.sentence = _OF_A_PASS.get(decision.code, self.sentence)


class PassRefused(Refusal):
    code = "pass_refused"
    http_status = 403
    sentence = _("This code is no pass for these lockers. Show another, or ask reception.")


class PassOver(Refusal):
    code = "pass_over"
    http_status = 400
    sentence = _("A pass ends after it starts, in the future, and within a year. Change the times.")


class NoPassKey(Refusal):
    code = "no_pass_key"
    http_status = 503
    sentence = _("Passes are not set up here: LOCKWRIGHT_PASS_KEYS is empty. Ask whoever runs it.")


class DoorOfAnother(Refusal):
    code = "door_of_another"
    http_status = 400
    sentence = _("That door belongs to another organisation. Choose one of this one.")


class UnknownBadge(Refusal):
    code = "unknown_badge"
    http_status = 404
    sentence = _("This badge is not known here. Ask reception to add it.")


class BadRead(Refusal):
    code = "bad_read"
    http_status = 400
    sentence = _("The badge was not read whole. Hold it flat on the reader and try again.")


class UnknownFormat(Refusal):
    code = "unknown_card_format"
    http_status = 400
    sentence = _("This reader cannot read this kind of card. Use your usual badge or ask staff.")


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


class BadgeTaken(Refusal):
    """Whose it is stands in ``holder_id`` only: a page names them to staff who may see them."""

    code = "badge_taken"
    sentence = _("This badge belongs to somebody already, or did once. Use another.")

    def __init__(self, *, holder_id: int | None = None, **facts: Any) -> None:
        super().__init__(**facts)
        self.holder_id = holder_id


class UnreadableBadge(Refusal):
    """What staff typed is no badge of the profile they chose; raised at issuing, not at taps."""

    code = "unreadable_badge"
    http_status = 400

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault=fault.value)
        self.sentence = UNREADABLE[fault]


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


class RunNotDone(Refusal):
    code = "run_not_done"
    sentence = _("These steps are still open: %(steps)s. Do them, or leave them out with a reason.")


class StepKnown(Refusal):
    code = "step_known"
    sentence = _(
        "“%(step)s” is not done yet: it ticks itself when it is. Do it, or leave it out with a"
        " reason."
    )


class ReasonMissing(Refusal):
    code = "reason_missing"
    http_status = 400
    sentence = _("Say why this step is left out.")


class RoleTooHigh(Refusal):
    """A role would give, or take from somebody, more than its giver has."""

    code = "role_too_high"
    http_status = 403
    sentence = _(
        "You can only give and take what you may do there yourself. Ask somebody who has this role."
    )


class RoleNotHere(Refusal):
    code = "role_not_here"
    http_status = 400
    sentence = _("This role cannot be given on that place. Choose a larger one.")


class RoleGivenAlready(Refusal):
    code = "role_given_already"
    sentence = _("This person has that role there already.")


class KeyIsOut(Refusal):
    code = "key_is_out"
    sentence = _("Somebody has this key. Take it back first, or choose another copy.")


class KeyNotOut(Refusal):
    code = "key_not_out"
    sentence = _("Nobody has this key. Check the number stamped on it.")


class KeyNotInUse(Refusal):
    code = "key_not_in_use"
    sentence = _("This key is lost or retired. Choose another copy.")


class KeyNotLost(Refusal):
    code = "key_not_lost"
    sentence = _("This key is not lost, or its lock was changed since.")


class NotYourKey(Refusal):
    code = "not_your_key"
    sentence = _("Somebody else has this key. Check the number stamped on it.")


class CannotHoldKeys(Refusal):
    code = "cannot_hold_keys"
    sentence = _("%(person)s cannot have a key now. Check their status, holds and organisation.")


class NotSigned(Refusal):
    code = "not_signed"
    http_status = 400
    sentence = _("Have it signed: draw the signature, or type the name.")


class TwoPeopleNeeded(Refusal):
    code = "two_people_needed"
    sentence = _("Two people hand out a master key. Ask for its release.")


class SamePerson(Refusal):
    code = "same_person"
    sentence = _("A second person has to confirm this. You asked for it yourself.")


class ReleaseNotWaiting(Refusal):
    code = "release_not_waiting"
    sentence = _("This request is not waiting any more, or is over 15 minutes old. Ask again.")


class ReleaseWaiting(Refusal):
    code = "release_waiting"
    sentence = _("Somebody has asked for this key already. Confirm or cancel that request.")


class CountIncomplete(Refusal):
    code = "count_incomplete"
    sentence = _("These keys are not counted yet: %(keys)s. Say for each where it is.")


class CombinationsSealed(Refusal):
    code = "combinations_sealed"
    http_status = 503
    sentence = _(
        "Combinations cannot be opened: LOCKWRIGHT_COMBINATION_KEYS is not set, or lacks the key"
        " they were sealed with. Ask who runs this server."
    )


class NoCombination(Refusal):
    code = "no_combination"
    sentence = _("No combination is stored for this lock. Store the ones it came with.")


class BadCombination(Refusal):
    code = "bad_combination"
    http_status = 400
    sentence = _("A combination is 3 to 12 digits, with or without dashes: 1234 or 12-34-56.")


class LocksChanged(Refusal):
    code = "locks_changed"
    sentence = _("Somebody changed these locks meanwhile. Look at the list again.")
