"""What is refused of passes.

Refusal
├── PassRefused  a code that is no pass of this organisation
├── PassOver     a pass that would end before it starts
└── NoPassKey    the installation has no key to sign passes with
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


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
