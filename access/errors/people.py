"""What is refused when people come and go.

Refusal
├── RunNotDone     required steps of a checklist are open
├── StepKnown      the register itself sees that a step is not done
└── ReasonMissing  a step is left out and nobody says why
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


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
