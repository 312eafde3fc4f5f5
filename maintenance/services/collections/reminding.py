"""Letters to pupils and their guardians: when the locker is collected, to each address once."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.formats import date_format

from access.choices import NoticeKind
from access.models import Notice, Person
from access.services import notices, telling
from access.services.notices import Word
from audit.actions import Action
from audit.services.events import Actor
from maintenance.models import Collection, CollectionLine
from maintenance.services.collections import story
from occupancy.services.ending import sweeping

_JOB = Actor.job("collections")
# After the last day, too, somebody may remind those who are late.
_USEFUL_FOR = dt.timedelta(days=2)


def remind_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Write to those on the lists of collections whose day to remind has come, once each.

    Return how many letters; who was written to before, by whomever, is not written to again.
    """
    going_on = Collection.objects.filter(
        begun_at__isnull=False, closed_at__isnull=True, remind_from__isnull=False
    ).select_related("site")
    written = 0
    for one in going_on.order_by("pk"):
        today = at.astimezone(one.site.zone).date()
        if one.remind_from is not None and one.remind_from <= today <= one.ends_on:
            never = Q(reminded_at__isnull=True)
            written += _remind(one, never, _JOB, at, aside)
    return written


def remind(*, collection_id: int, actor: Actor, at: dt.datetime) -> int:
    """Write now to everybody whose locker is not collected, again, but once a day at most.

    Return how many letters. Raises CollectionOver and CollectionNotBegun.
    """
    one = story.going_on(collection_id)
    midnight = dt.datetime.combine(at.astimezone(one.site.zone).date(), dt.time(), one.site.zone)
    not_today = Q(reminded_at__isnull=True) | Q(reminded_at__lt=midnight)
    return _remind(one, not_today, actor, at, None)


def is_of_use(notice: Notice, at: dt.datetime) -> bool:
    """Say whether whom a letter is about still has something to give back."""
    collection_id = int(notice.subject.partition(":")[2])
    return bool(_open_lines(collection_id).filter(person=notice.person_id).exists())


def _open_lines(collection_id: int) -> Any:
    return CollectionLine.objects.filter(
        collection=collection_id, collection__closed_at__isnull=True, cleared_at__isnull=True
    ).exclude(emptied=True, key__in=["none", "back", "lost"])


def _remind(
    one: Collection, which: Q, actor: Actor, at: dt.datetime, aside: list[str] | None
) -> int:
    people = (
        Person.objects.filter(pk__in=_open_lines(one.pk).filter(which).order_by().values("person"))
        .exclude(email="", guardian_email="")
        .order_by("pk")
    )
    quiet = telling.quiet_hours(one.site.organisation_id, one.site_id)
    not_before = telling.loud_at(at, one.site.zone, quiet)
    written = sweeping.each(
        people, partial(_tell, one, which, actor, at, not_before),
        lambda person: f"collection:{one.pk} person:{person.pk}", aside,
    )  # fmt: skip
    if written:
        notices.hurry()
    return written


def _tell(
    one: Collection, which: Q, actor: Actor, at: dt.datetime, not_before: dt.datetime,
    person: Person,
) -> int:  # fmt: skip
    with transaction.atomic():
        lines = list(
            _open_lines(one.pk)
            .filter(which, person=person)
            .select_for_update(no_key=True, of=("self",))
            .select_related("compartment__bank")
            .order_by(F("compartment__bank__name"), "compartment__number")
        )
        # The mark comes first: of two jobs one writes.
        marked = CollectionLine.objects.filter(pk__in=[line.pk for line in lines])
        if not marked.update(reminded_at=at):
            return 0
        facts = _facts(one, person, lines)
        told = {person.email.lower(): False, person.guardian_email.lower(): True}
        told.pop("", None)
        for address, is_guardian in told.items():
            notices.tell(
                Word(
                    kind=NoticeKind.COLLECTION, site_id=one.site_id,
                    subject=f"collection:{one.pk}", to=address, person_id=person.pk,
                    facts={**facts, "is_guardian": is_guardian},
                    not_before=not_before, useful_until=max(_over_at(one), at + _USEFUL_FOR),
                ),
                at=at, hurry=False,
            )  # fmt: skip
        story.record(
            Action.COLLECTION_REMINDED, one, actor, at, person=person.pk, letters=len(told)
        )
    return len(told)


def _facts(one: Collection, person: Person, lines: Sequence[CollectionLine]) -> dict[str, Any]:
    return {
        "pupil": person.given_name,
        "guardian": person.guardian_name,
        "from": date_format(one.starts_on, "DATE_FORMAT"),
        "until": date_format(one.ends_on, "DATE_FORMAT"),
        "doors": [
            {
                "number": line.compartment.number, "bank": line.compartment.bank.name,
                "has_key": line.key != "none",
            }
            for line in lines
        ],
    }  # fmt: skip


def _over_at(one: Collection) -> dt.datetime:
    """Return when the last day is over, in UTC."""
    zone: zoneinfo.ZoneInfo = one.site.zone
    day = one.ends_on + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
