"""What the kiosk refuses.

Refusal
├── NotFromTheKiosk     a cookie without our header: some other page sent it
├── Malformed           the body is not what this address takes
├── ScanOver            the scan is too old, ended, or another terminal's
├── ScanTaken           another screen of the bank answered this tap
├── NotAtThisBank       the door stands elsewhere; nobody would be there to see it open
├── PassForOneDoor      a pass for one door does nothing about another
├── ScanTooOld          what was read reached us when whoever showed it may be gone
├── UnknownReader       no such wired reader hangs on this bridge
└── DoorDidOpen         "another one" is only for a door that never opened
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NotFromTheKiosk(Refusal):
    code = "not_from_the_kiosk"
    http_status = 403
    sentence = _("This request did not come from the kiosk page.")


class Malformed(Refusal):
    code = "malformed"
    http_status = 400
    sentence = _("This request cannot be read: %(problem)s")


class ScanOver(Refusal):
    code = "scan_over"
    http_status = 410
    sentence = _("Your turn at this screen is over. Tap your badge again.")


class ScanTaken(Refusal):
    code = "scan_taken"
    sentence = _("Another screen answered this tap. Look there, or tap your badge again.")


class NotAtThisBank(Refusal):
    code = "not_at_this_bank"
    sentence = _("Your locker is in bank %(bank)s. Open it at the screen there.")


class PassForOneDoor(Refusal):
    code = "pass_for_one_door"
    http_status = 403
    sentence = _("This pass is good for one door alone. Tap your badge for anything else.")


class ScanTooOld(Refusal):
    code = "scan_too_old"
    http_status = 410
    sentence = _("The line to these lockers was slow. Show it again.")


class UnknownReader(Refusal):
    code = "unknown_reader"
    http_status = 404
    sentence = _("This badge reader is not set up. Ask reception.")


class DoorDidOpen(Refusal):
    code = "door_did_open"
    sentence = _("This door was opened. Finish with it before you take another.")
