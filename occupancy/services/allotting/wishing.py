"""What pupils wish for: areas, banks or very doors, their own door, and friends to be near to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line
from lockers.models import Area, Bank, Compartment
from occupancy.allotment import walks
from occupancy.choices import ClaimKind, KeepsDoor
from occupancy.errors.allotments import (
    NoSuchFriend,
    TooManyWishes,
    WindowClosed,
    WishNotThere,
    WishTwice,
)
from occupancy.models import Allotment, Claim, Entry, Preference
from occupancy.services.allotting import facts, problems

MOST_FRIENDS = 3
_BATCH = 1000


@dataclass(frozen=True)
class Options:
    """What somebody can wish for: places with how many doors there, and the door they have."""

    areas: list[tuple[Area, int]]
    banks: list[tuple[Bank, int]]
    doors: dict[int, Compartment]
    present: Compartment | None


@dataclass(frozen=True)
class Said:
    """What somebody wishes for, the best first, after it was checked."""

    entry: Entry
    wishes: Sequence[Area | Bank | Compartment]
    friends: Sequence[Entry]
    wants_to_keep: bool


def options(*, entry: Entry) -> Options:
    """Return what the rules allow a pupil, by place."""
    allotment = entry.allotment
    doors = problems.allowed(allotment, entry.person)
    by_bank: dict[int, list[Compartment]] = {}
    for door in doors:
        by_bank.setdefault(door.bank_id, []).append(door)
    areas = {area.pk: area for area in Area.objects.filter(site_id=allotment.site_id)}
    places = facts.areas_of(allotment)
    counts: dict[int, int] = {}
    for found in by_bank.values():
        around = found[0].bank.area_id
        for pk in areas if around is not None else ():
            if around in walks.inside(places, pk):
                counts[pk] = counts.get(pk, 0) + len(found)
    return Options(
        areas=[(areas[pk], count) for pk, count in sorted(
            counts.items(), key=lambda one: (areas[one[0]].position, areas[one[0]].name)
        )],
        banks=[(found[0].bank, len(found)) for found in by_bank.values()],
        doors={door.pk: door for door in doors},
        present=_present(entry),
    )  # fmt: skip


def _present(entry: Entry) -> Compartment | None:
    keeps = entry.allotment.years.filter(
        year_group=entry.person.year_group_id, keeps=KeepsDoor.ASKED
    )
    claim = (
        Claim.objects.filter(
            holder=entry.person_id, kind=ClaimKind.ASSIGNMENT, closed_at__isnull=True,
            compartment__bank__in=entry.allotment.banks.all(),
        )
        .select_related("compartment__bank")
        .first()
    )  # fmt: skip
    return claim.compartment if claim is not None and keeps.exists() else None


def hand_in(
    *,
    entry: Entry,
    wishes: Sequence[Area | Bank | Compartment],
    friends: Sequence[str] = (),
    wants_to_keep: bool = False,
    actor: Actor,
    at: dt.datetime,
) -> None:
    """Keep somebody's wishes, the best first, in place of those they handed in before.

    ``friends`` are the codes that friends told. Raises WindowClosed, TooManyWishes, WishNotThere,
    WishTwice and NoSuchFriend; then nothing changes.
    """
    with transaction.atomic():
        allotment = (
            Allotment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site")
            .get(pk=entry.allotment_id)
        )
        if not is_open(allotment, at):
            raise WindowClosed
        if len(wishes) > allotment.most_wishes:
            raise TooManyWishes(most=allotment.most_wishes)
        _check(entry, wishes)
        near = _friends(entry, friends)
        _keep(allotment, [Said(entry, wishes, near, wants_to_keep)], actor, at)


def hand_in_many(
    *, allotment: Allotment, said: Sequence[Said], actor: Actor, at: dt.datetime
) -> None:
    """Keep the wishes of many, which were checked, in place of those they handed in before.

    As many statements for ten as for thousands. Raises WindowClosed.
    """
    with transaction.atomic():
        locked = (
            Allotment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site")
            .get(pk=allotment.pk)
        )
        if not is_open(locked, at):
            raise WindowClosed
        _keep(locked, said, actor, at)


def _keep(allotment: Allotment, said: Sequence[Said], actor: Actor, at: dt.datetime) -> None:
    everybody = [one.entry.pk for one in said]
    near: Any = Entry.friends.through
    Preference.objects.filter(entry__in=everybody).delete()
    Preference.objects.bulk_create(
        (
            _preference(one.entry, rank, thing)
            for one in said
            for rank, thing in enumerate(one.wishes, 1)
        ),
        batch_size=_BATCH,
    )
    near.objects.filter(from_entry__in=everybody).delete()
    near.objects.bulk_create(
        (
            near(from_entry_id=one.entry.pk, to_entry_id=friend.pk)
            for one in said
            for friend in {friend.pk: friend for friend in one.friends}.values()
        ),
        batch_size=_BATCH,
    )
    keepers = [one.entry.pk for one in said if one.wants_to_keep]
    rows = Entry.objects.filter(pk__in=everybody)
    rows.filter(pk__in=keepers).update(wants_to_keep=True, answered_at=at)
    rows.exclude(pk__in=keepers).update(wants_to_keep=False, answered_at=at)
    events.record_many(
        Line(
            action=Action.WISHES_HANDED_IN, actor=actor, at=at,
            organisation_id=allotment.site.organisation_id, site_id=allotment.site_id,
            person_id=one.entry.person_id, subject=f"allotment:{allotment.pk}",
            data={"wishes": len(one.wishes), "friends": len(one.friends)},
        )
        for one in said
    )  # fmt: skip


def is_open(allotment: Allotment, at: dt.datetime) -> bool:
    """Say whether wishes are taken at an instant."""
    return (
        allotment.frozen_at is None
        and allotment.forgotten_at is None
        and allotment.opens_at is not None
        and allotment.closes_at is not None
        and allotment.opens_at <= at < allotment.closes_at
    )


def _check(entry: Entry, wishes: Sequence[Area | Bank | Compartment]) -> None:
    can = options(entry=entry)
    allowed: set[tuple[type[object], int]] = {
        *((Area, area.pk) for area, _count in can.areas),
        *((Bank, bank.pk) for bank, _count in can.banks),
        *((Compartment, door) for door in can.doors),
    }
    seen: set[tuple[type[object], int]] = set()
    for thing in wishes:
        key = (type(thing), thing.pk)
        if key not in allowed:
            raise WishNotThere(wish=str(thing))
        if key in seen:
            raise WishTwice(wish=str(thing))
        seen.add(key)


def _friends(entry: Entry, codes: Sequence[str]) -> list[Entry]:
    found = []
    for code in codes[:MOST_FRIENDS]:
        plain = "".join(code.split()).upper()
        friend = (
            Entry.objects.filter(allotment=entry.allotment_id, friend_code=plain)
            .exclude(pk=entry.pk)
            .first()
        )
        if friend is None:
            raise NoSuchFriend(code=plain[:20])
        found.append(friend)
    return found


def _preference(entry: Entry, rank: int, thing: Area | Bank | Compartment) -> Preference:
    made = Preference(entry=entry, rank=rank)
    if isinstance(thing, Area):
        made.area = thing
    elif isinstance(thing, Bank):
        made.bank = thing
    else:
        made.compartment = thing
    return made
