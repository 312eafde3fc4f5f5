"""How much may be reported by those who are nobody we know: by address, by door and by screen.

By a label it is counted as log-ins are (ACCOUNT_RATE_LIMITS), in the database: a restart forgets
nothing. Reports of one fault are one ticket anyway; what is limited is the trouble of reading them.
"""

from __future__ import annotations

import datetime as dt

from allauth.core import ratelimit
from django.http import HttpRequest

from audit.models import ActorKind
from maintenance.errors.reports import TooManyReports
from maintenance.models import TicketEntry

WITHIN = dt.timedelta(minutes=15)
PER_SCREEN = 30


def count_label(request: HttpRequest, compartment_id: int) -> None:
    """Count a report by a door's label, by its address and door; raises TooManyReports."""
    key = f"door:{compartment_id}"
    if not ratelimit.consume(request, action="door_label", key=key):
        raise TooManyReports


def check_screen(terminal_id: int, bank_id: int, at: dt.datetime) -> None:
    """Refuse what somebody unknown reports at a screen that told a lot just now.

    Counted by what was written down; raises TooManyReports.
    """
    lately = TicketEntry.objects.filter(
        ticket__bank=bank_id,
        ticket__last_seen_at__gt=at - WITHIN,
        at__gt=at - WITHIN,
        actor_kind=ActorKind.TERMINAL,
        actor_id=str(terminal_id),
    )
    if lately.count() >= PER_SCREEN:
        raise TooManyReports
