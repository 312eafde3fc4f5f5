"""What is refused about batteries.

Refusal
├── BadVoltage            no battery of a lock has such a voltage
├── NotMeasuredYet        the reading is from the future
├── NotReplacedYet        the day of the replacement is still to come
├── ReplacedSince         it was replaced on a later day already
└── NothingToPlan         no battery there fails before that day
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class BadVoltage(Refusal):
    code = "bad_voltage"
    http_status = 400
    sentence = _("A battery of a lock has between 100 and 60000 millivolts.")


class NotMeasuredYet(Refusal):
    code = "not_measured_yet"
    http_status = 400
    sentence = _("That instant is still to come.")


class NotReplacedYet(Refusal):
    code = "not_replaced_yet"
    http_status = 400
    sentence = _("That day is still to come.")


class ReplacedSince(Refusal):
    code = "replaced_since"
    sentence = _("This battery was replaced on a later day already.")


class NothingToPlan(Refusal):
    code = "nothing_to_plan"
    sentence = _("No battery there is expected to fail by that day, but for those in a round.")
