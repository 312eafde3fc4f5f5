"""What is refused to whoever reports that something is wrong.

Refusal
├── NotSaid             it was not said what is wrong
└── TooManyReports      this address, door or screen reported too often
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NotSaid(Refusal):
    code = "not_said"
    http_status = 400
    sentence = _("Choose what is wrong.")


class TooManyReports(Refusal):
    code = "too_many_reports"
    http_status = 429
    sentence = _("A lot was reported from here just now. Wait a few minutes, then try again.")
