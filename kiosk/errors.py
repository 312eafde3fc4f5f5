"""What the kiosk refuses.

Refusal
├── NotFromTheKiosk     a cookie without our header: some other page sent it
├── Malformed           the body is not what this address takes
├── ScanOver            the scan is too old, ended, or another terminal's
├── ScanTaken           another screen of the bank answered this tap
├── NotAtThisBank       the door stands elsewhere; nobody would be there to see it open
├── PassForOneDoor      a pass for one door does nothing about another
├── DoorOfSeveral       a door's number says not which of those who have it stands there
├── ScanTooOld          what was read reached us when whoever showed it may be gone
├── UnknownReader       no such wired reader hangs on this bridge
├── TooManySignIns      this browser's address asked for too many letters
├── SignInOver          link, code or visit is over, was used, or is none of ours
├── WrongSignInCode     not the code of the letter
├── NoSuchPerson        nobody that this phone may be, or whom something may be given to
├── NotYourLabel        not the label of a bank of one's own organisation
├── NotAtTheBank        nobody opens from afar: the label was not scanned a moment ago
├── NotByPhone          the policy lets nobody open by phone
├── NotFilledIn         a form on the phone says too little
├── NoneOfTheTimes      of a booking that repeats, no single time can be had
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


class DoorOfSeveral(Refusal):
    code = "door_of_several"
    sentence = _("Door %(number)s is for several people. Type your personal number instead.")


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


class TooManySignIns(Refusal):
    code = "too_many_sign_ins"
    http_status = 429
    sentence = _("Too many letters were asked for from here. Wait a quarter of an hour.")


class SignInOver(Refusal):
    code = "sign_in_over"
    http_status = 410
    sentence = _("This link or code is over or was used. Ask for a new one.")


class WrongSignInCode(Refusal):
    code = "wrong_sign_in_code"
    http_status = 403
    sentence = _("That is not the code of the letter. Look again.")


class NoSuchPerson(Refusal):
    code = "no_such_person"
    http_status = 404
    sentence = _("Nobody here has this address. Is it written as at work?")


class NotYourLabel(Refusal):
    code = "not_your_label"
    http_status = 404
    sentence = _("This label belongs to no lockers of yours. Ask reception.")


class NotAtTheBank(Refusal):
    code = "not_at_the_bank"
    http_status = 403
    sentence = _("Stand at bank %(bank)s and scan its label. It counts for two minutes.")


class NotByPhone(Refusal):
    code = "not_by_phone"
    http_status = 403
    sentence = _("This locker does not open by phone. Use the screen at the lockers.")


class NotFilledIn(Refusal):
    code = "not_filled_in"
    http_status = 400
    sentence = _("%(problem)s")


class NoneOfTheTimes(Refusal):
    code = "none_of_the_times"
    sentence = _("None of these times can be had: %(why)s. Choose others.")
