"""What the estate and its hardware refuse.

Refusal
├── BridgeOffline           the bank's bridge is silent: nothing can be opened there now
├── NotWired                the door has no electronic lock, or it is not connected yet
├── CompartmentHeld         it cannot go out of service while somebody has it
├── UnknownLayout           a layout text that cannot be read
├── BankExists              the site has a bank of that name
├── CannotBeWired           the new doors do not fit on the board that was chosen for them
├── CodeRefused             an enrolment code that is wrong, used or too old
├── DeviceRevoked           a token that was revoked or never given
├── SecondPersonNeeded      one person cannot confirm their own request
└── OpeningNotWaiting       the opening was confirmed or cancelled already
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class BridgeOffline(Refusal):
    code = "bridge_offline"
    http_status = 503
    sentence = _("These lockers cannot be reached right now. Ask reception.")


class NotWired(Refusal):
    code = "not_wired"
    sentence = _("This door is not opened electronically. Use its key or combination.")


class UnknownLayout(Refusal):
    code = "unknown_layout"
    http_status = 400
    sentence = _("%(problem)s")


class BankExists(Refusal):
    code = "bank_exists"
    sentence = _("There is a bank %(name)s at this site already. Choose another name.")


class CannotBeWired(Refusal):
    code = "cannot_be_wired"
    sentence = _("%(problem)s")


class CompartmentHeld(Refusal):
    code = "compartment_held"
    sentence = _("Somebody has door %(number)s. Release it first, or tell the holder.")


class CodeRefused(Refusal):
    code = "code_refused"
    http_status = 403
    sentence = _("This enrolment code is wrong, used or too old. Ask for a new one.")


class DeviceRevoked(Refusal):
    code = "device_revoked"
    http_status = 403
    sentence = _("This device is not enrolled any more. Enrol it again with a new code.")


class SecondPersonNeeded(Refusal):
    code = "second_person_needed"
    sentence = _("A second person has to confirm this. You asked for it yourself.")


class OpeningNotWaiting(Refusal):
    code = "opening_not_waiting"
    sentence = _("This opening is not waiting any more. Ask for a new one.")
