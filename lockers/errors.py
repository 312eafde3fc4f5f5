"""What the estate and its hardware refuse.

Refusal
├── BridgeOffline           the bank's bridge is silent: nothing can be opened there now
├── BankDecidesAlone        its bridge gives out the doors now, or may be about to
├── NotKept                 its bridge did not take down who has the door: nobody has it
├── KeptLater               the same of a change, which counts as soon as the bridge has it
├── NotWired                the door has no electronic lock, or it is not connected yet
├── CompartmentHeld         it cannot go out of service while somebody has it
├── UnknownLayout           a layout text that cannot be read
├── BankExists              the site has a bank of that name
├── CannotBeWired           the new doors do not fit on the board that was chosen for them
├── CommissioningRunning    somebody is commissioning this bank already
├── CommissionWholeBank     the bank's wiring is not as commissioned, so one door is not enough
├── BoardNotFound           a board was chosen that the scan did not find
├── NotToBeTried            there is no such lock, or another one is being tried
├── NotToBeSaid             an answer to something that is not asked now
├── NotReadyToGoLive        what was found out at the doors does not make a safe map
├── ChannelTaken            a door of another bank hangs where one of these was found
├── CodeRefused             an enrolment code that is wrong, used or too old
├── DeviceRevoked           a key or token that was revoked or never given
├── NotEnrolled             a bridge that has no key which could be rolled
├── NoBridgeKey             the installation has no key to sign with what bridges are told
├── SecondPersonNeeded      one person cannot confirm their own request
└── OpeningNotWaiting       the opening was confirmed or cancelled already
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import BY_SQLSTATE, Refusal


class BridgeOffline(Refusal):
    code = "bridge_offline"
    http_status = 503
    sentence = _("These lockers cannot be reached right now. Ask reception.")


class BankDecidesAlone(BridgeOffline):
    code = "bank_decides_alone"
    # For whoever asks, at a screen or at a desk.
    sentence = _(
        "These lockers are cut off and give out doors by themselves. Try again at the lockers."
        " Staff who may override can give a free door on the map."
    )


class NotKept(BridgeOffline):
    code = "not_kept"
    sentence = _("These lockers were cut off just now. Nothing was done. Try again in a moment.")


class KeptLater(BridgeOffline):
    code = "kept_later"
    sentence = _(
        "These lockers were cut off just now. What you asked for counts as soon as they are back."
        " Look again in a moment."
    )


# Raised by occupancy_bank_decides().
BY_SQLSTATE["LW001"] = BankDecidesAlone


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


class CommissioningRunning(Refusal):
    code = "commissioning_running"
    sentence = _("This bank is being commissioned already. Go on with that, or give it up.")


class CommissionWholeBank(Refusal):
    code = "commission_whole_bank"
    sentence = _("This bank is not wired as it was commissioned. Commission the whole bank.")


class BoardNotFound(Refusal):
    code = "board_not_found"
    sentence = _("Choose at least one of the boards that were found.")


class NotToBeTried(Refusal):
    code = "not_to_be_tried"
    sentence = _("This lock cannot be tried now. Wait until the last one is done.")


class NotToBeSaid(Refusal):
    code = "not_to_be_said"
    sentence = _("That was not asked any more. Look at what is asked now.")


class NotReadyToGoLive(Refusal):
    code = "not_ready_to_go_live"
    sentence = _("This bank cannot go live yet. Every reason stands in the list.")


class ChannelTaken(Refusal):
    code = "channel_taken"
    sentence = _("Door %(number)s of bank %(bank)s hangs on one of these connections.")


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


class NotEnrolled(Refusal):
    code = "not_enrolled"
    sentence = _("%(name)s is not enrolled. Make an enrolment code for it.")


class NoBridgeKey(Refusal):
    code = "no_bridge_key"
    http_status = 503
    sentence = _(
        "Bridges are not set up here: LOCKWRIGHT_BRIDGE_KEYS is empty. Ask whoever runs it."
    )


class SecondPersonNeeded(Refusal):
    code = "second_person_needed"
    sentence = _("A second person has to confirm this. You asked for it yourself.")


class OpeningNotWaiting(Refusal):
    code = "opening_not_waiting"
    sentence = _("This opening is not waiting any more. Ask for a new one.")
