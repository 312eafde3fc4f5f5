"""What rollovers refuse.

Refusal
├── NotReady            the plan contradicts itself; the sentences say where
├── PlanChanged         somebody or something changed since the preview was looked at
├── DoneAlready         it was done, or undone, before
├── NotDone             what was not done cannot be undone
└── ChangedByHand       somebody changed since what it had changed
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NotReady(Refusal):
    code = "rollover_not_ready"
    sentence = _("It cannot be done yet: %(problems)s")


class PlanChanged(Refusal):
    code = "rollover_plan_changed"
    sentence = _("Pupils or doors changed since you looked. Look at the figures again.")


class DoneAlready(Refusal):
    code = "rollover_done"
    sentence = _("This was done before.")


class NotDone(Refusal):
    code = "rollover_not_done"
    sentence = _("It was not done, or was undone before.")


class ChangedByHand(Refusal):
    code = "rollover_changed_by_hand"
    sentence = _("It cannot be undone as a whole any more. Changed by hand since: %(what)s.")
