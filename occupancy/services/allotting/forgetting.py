"""What pupils wished for, deleted when their year is long over; who got which door stays."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.models import Allotment, Entry, Preference
from occupancy.services.allotting import drawing
from occupancy.services.ending import sweeping

# A draw is questioned while its doors are in use, and perhaps for some weeks afterwards.
KEPT_FOR = dt.timedelta(days=90)


def forget_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Delete what was wished for in years that ended long ago; return of how many allotments."""
    due = Allotment.objects.filter(
        committed_at__isnull=False,
        forgotten_at__isnull=True,
        session__ends_on__lt=(at - KEPT_FOR).date(),
    ).order_by("session__ends_on", "pk")
    return sweeping.each(due, partial(_forget, at), lambda one: f"allotment:{one.pk}", aside)


def _forget(at: dt.datetime, allotment: Allotment) -> int:
    """Delete wishes, friends, links and the frozen input, which says all of it by ticket.

    The digest and the seed stay: who kept the file of the draw can check it for ever.
    """
    with transaction.atomic():
        now = drawing.locked(allotment)
        if now.forgotten_at is not None:
            return 0
        entries = Entry.objects.filter(allotment=now)
        wishes, _by_model = Preference.objects.filter(entry__allotment=now).delete()
        Entry.friends.through.objects.filter(from_entry__allotment=now).delete()
        entries.update(
            wants_to_keep=False, link_digest="", link_for="", code_digest="", code_until=None,
            code_tries=0,
        )  # fmt: skip
        Allotment.objects.filter(pk=now.pk).update(frozen_input=None, forgotten_at=at)
        events.record(
            action=Action.WISHES_FORGOTTEN, actor=Actor.job("occupancy.jobs.forget_wishes"), at=at,
            organisation_id=now.site.organisation_id, site_id=now.site_id,
            subject=f"allotment:{now.pk}",
            data={"allotment": now.pk, "name": now.name, "wishes": wishes},
        )  # fmt: skip
    return 1
