"""What is refused of doors that are booked together.

Refusal
├── NobodyToBook     nobody was chosen
├── TooFewDoors      the bank has fewer free doors than are needed; none was booked
├── OneCannotBook    one of them may not book there then; none was booked
└── SetGivenUp       it was given up before
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NobodyToBook(Refusal):
    code = "nobody_to_book"
    http_status = 422
    sentence = _("There is nobody to book for. Choose a form, a year group, or people.")


class TooFewDoors(Refusal):
    code = "too_few_doors"
    sentence = _(
        "%(missing)d of %(wanted)d doors are missing: %(free)d can be had then. Nothing was booked."
        " Choose another bank, another time, or fewer pupils."
    )


class OneCannotBook(Refusal):
    code = "one_cannot_book"
    sentence = _("%(who)s cannot have one: “%(why)s” Nothing was booked for anybody.")


class SetGivenUp(Refusal):
    code = "set_given_up"
    sentence = _("These bookings were given up before.")
