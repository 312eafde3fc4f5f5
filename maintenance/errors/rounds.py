"""What is refused of rounds.

Refusal
├── StopDone        somebody else did that door meanwhile; what was sent is kept as a note
├── RoundOver       it was closed or called off; what was sent is kept as a note
├── RoundNotOver    it is not closed, as it has doors that are not done
├── RoundElsewhere  it goes to doors too that whoever would end it does not maintain
├── EntryReused     that entry was made for another door
├── ChecksMissing   not every item was looked at
├── PhotoMissing    an item asks for a photo
├── VoltageMissing  a battery round without the voltage
├── BadVoltage      no battery has that voltage
├── NoOpenDay       the site has no open day on which the rounds could be
└── NoDoors         the banks have no door for such a round
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class StopDone(Refusal):
    code = "stop_done"
    sentence = _("%(who)s did door %(number)s at %(when)s. What you sent is kept as a note.")


class RoundOver(Refusal):
    code = "round_over"
    sentence = _("This round is over. What you sent is kept as a note.")


class RoundNotOver(Refusal):
    code = "round_not_over"
    sentence = _("%(left)s doors are not done. Do them first, or say why they are left.")


class RoundElsewhere(Refusal):
    code = "round_elsewhere"
    http_status = 403
    sentence = _(
        "This round also goes to doors that you do not maintain (%(doors)s). Who maintains all of"
        " them can end it."
    )


class EntryReused(Refusal):
    code = "entry_reused"
    http_status = 422
    sentence = _("This entry was made for another door. Do the door again.")


class ChecksMissing(Refusal):
    code = "checks_missing"
    http_status = 422
    sentence = _("Look at every item first. Not said yet: %(items)s.")


class PhotoMissing(Refusal):
    code = "photo_missing"
    http_status = 422
    sentence = _("Take a photo for: %(items)s.")


class VoltageMissing(Refusal):
    code = "voltage_missing"
    http_status = 422
    sentence = _("Write down the voltage of the battery, in millivolts.")


class BadVoltage(Refusal):
    code = "bad_voltage"
    http_status = 422
    sentence = _("A battery of a lock has between 100 and 60,000 mV.")


class NoOpenDay(Refusal):
    code = "no_open_day"
    sentence = _(
        "The site has no open day on which these rounds could be. Change its opening hours, or do "
        "the rounds on closed days too."
    )


class NoDoors(Refusal):
    code = "no_doors"
    sentence = _("These banks have no door for such a round. Choose other banks.")
