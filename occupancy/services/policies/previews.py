"""Who would be affected by a change of policies: asked of the engine itself, nothing is written.

Everybody alike to all policies is asked about once, and so is every door, so that the answer for
a large organisation takes a constant number of statements and of plans.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from occupancy import periods
from occupancy.allocation import engine, policy, terms
from occupancy.allocation.engine import Ask
from occupancy.allocation.policy import Attached, Level, Place, Who
from occupancy.allocation.ranking import Door
from occupancy.allocation.rules import Ends, Rules
from occupancy.choices import AtEnd
from occupancy.models import Assignment, CompartmentGroup, Quota
from occupancy.services.policies import alike, rulebooks
from occupancy.services.policies.alike import Doors

# A policy or group that is not saved yet; of two equally close policies the older one counts.
UNSAVED = 2**62
_UTC = zoneinfo.ZoneInfo("UTC")
# Models whose end follows from when the use began.
_ENDS_BY_RULE = {Ends.LOCAL_TIME, Ends.AFTER, Ends.SHIFT, Ends.PERIOD}
Groups = Mapping[int, frozenset[int]]


@dataclass(frozen=True)
class Lost:
    """Doors that people could have before a change and not after it, or the other way round."""

    people: frozenset[int] = frozenset()
    doors: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.people)


@dataclass(frozen=True)
class Effect:
    """What a change would do: ids only, so that each reader is shown the names they may see."""

    # Uses under the policy that go on, and of these the ones that the new rules end tonight.
    holding: tuple[int, ...] = ()
    released: tuple[int, ...] = ()
    # People who have more than the limit lets them; they keep it and get no more.
    over_limit: tuple[int, ...] = ()
    lose: Lost = Lost()
    gain: Lost = Lost()
    # Banks where somebody could get a door and nobody could any more.
    closed_banks: tuple[int, ...] = ()
    # Whom, and which doors, the policy would govern.
    governed: Lost = Lost()
    # Uses of which somebody would be warned at once, and those warned otherwise later on.
    warned_at_once: tuple[int, ...] = ()
    warned_later: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Book:
    policies: Sequence[Attached]
    groups: Groups


def effect_of(
    *,
    organisation_id: int,
    before: Attached | None,
    after: Attached | None,
    at: dt.datetime,
    doors: frozenset[int] | None = None,
) -> Effect:
    """Return what it would do to put one policy in place of another; None is no policy.

    ``doors`` are those of the group that ``after`` is attached to, when it is not saved yet.
    """
    book = rulebooks.read(organisation_id)
    replaced = {one.rules.policy_id for one in (before, after) if one is not None}
    rest = [one for one in book.policies if one.rules.policy_id not in replaced]
    old = _Book([*rest, before] if before else rest, book.groups)
    groups = book.groups
    if after is not None:
        if not after.rules.policy_id:
            after = dataclasses.replace(
                after, rules=dataclasses.replace(after.rules, policy_id=UNSAVED)
            )
        if after.level == Level.GROUP:
            members = doors if doors is not None else _members(after.place_id)
            groups = with_group(groups, after.place_id, members)
    new = _Book([*rest, after] if after else rest, groups)
    touched = [one for one in (before, after) if one is not None]
    found = _compare(organisation_id, old, new, touched, at)
    holding, released = _held(before, after, at)
    return dataclasses.replace(
        found, holding=holding, released=released, over_limit=_over_limit(before, after)
    )


def effect_of_group(
    *, organisation_id: int, group_id: int, doors: frozenset[int], at: dt.datetime
) -> Effect:
    """Return what it would do if a group had these doors."""
    book = rulebooks.read(organisation_id)
    old = _Book(book.policies, book.groups)
    new = _Book(book.policies, with_group(book.groups, group_id, doors))
    touched = [one for one in book.policies if (one.level, one.place_id) == (Level.GROUP, group_id)]
    return _compare(organisation_id, old, new, touched, at)


def with_group(groups: Groups, group_id: int, members: frozenset[int]) -> Groups:
    """Return the groups of each door, when one group has exactly these doors."""
    changed = {door: ids - {group_id} for door, ids in groups.items()}
    for door in members:
        changed[door] = changed.get(door, frozenset()) | {group_id}
    return changed


def _members(group_id: int) -> frozenset[int]:
    through = CompartmentGroup.compartments.through.objects.filter(compartmentgroup_id=group_id)
    return frozenset(through.values_list("compartment_id", flat=True))


def _compare(
    organisation_id: int, old: _Book, new: _Book, touched: Sequence[Attached], at: dt.datetime
) -> Effect:
    if not touched:
        return Effect()
    books = [*old.policies, *new.policies]
    classes = alike.doors(organisation_id, old.groups, new.groups, books)
    is_touched = [
        any(
            policy.closeness(one, place) is not None
            for one in touched
            for place in (kind.old, kind.new)
        )
        for kind in classes
    ]
    touched_ones = [kind for kind, is_hit in zip(classes, is_touched, strict=True) if is_hit]
    hit = {id(kind) for kind in touched_ones}
    banks = {bank for kind in touched_ones for bank in kind.banks}
    near = [kind for kind in classes if banks.intersection(kind.banks)]
    ids = {one.rules.policy_id for one in touched}
    lose, gain, governed = _Tally(), _Tally(), _Tally()
    open_before: set[int] = set()
    open_after: set[int] = set()
    for who, people in alike.people(organisation_id, books).items():
        for kind in near:
            was = _governs(old.policies, who, kind.old, kind, at)
            now = _governs(new.policies, who, kind.new, kind, at)
            if was is not None:
                open_before.update(kind.banks)
            if now is not None:
                open_after.update(kind.banks)
            if id(kind) not in hit:
                continue
            if was is not None and now is None:
                lose.add(people, kind.ids)
            if now is not None and was is None:
                gain.add(people, kind.ids)
            if now in ids:
                governed.add(people, kind.ids)
    return Effect(
        lose=lose.total(),
        gain=gain.total(),
        governed=governed.total(),
        closed_banks=tuple(sorted((open_before - open_after) & banks)),
    )


class _Tally:
    def __init__(self) -> None:
        self.people: set[int] = set()
        self.doors: set[int] = set()

    def add(self, people: Iterable[int], doors: Iterable[int]) -> None:
        self.people.update(people)
        self.doors.update(doors)

    def total(self) -> Lost:
        return Lost(frozenset(self.people), frozenset(self.doors))


def _governs(
    policies: Sequence[Attached], who: Who, place: Place, kind: Doors, at: dt.datetime
) -> int | None:
    """Return the policy under which somebody could take or book a free door, if any."""
    door = Door(1, "", kind.size_id, kind.size_rank, areas=place.areas, groups=place.groups)
    found = engine.plan(policies, Ask(who, at, _UTC), place, [door], {})
    if found.choices:
        return found.choices[0].offer.rules.policy_id
    # Nobody takes such a door; whether it can be booked is another question.
    window = Ask(who, at, _UTC, window_ends_at=at + dt.timedelta(hours=1))
    for choice in engine.plan(policies, window, place, [door], {}).choices:
        if choice.offer.rules.is_bookable:
            return choice.offer.rules.policy_id
    return None


def _over_limit(before: Attached | None, after: Attached | None) -> tuple[int, ...]:
    """Return who has more open uses under a policy than it would let them have."""
    if before is None or after is None or after.rules.limit is None:
        return ()
    held: defaultdict[int, list[int]] = defaultdict(list)
    for holder, slot in Quota.objects.filter(
        policy_id=before.rules.policy_id, is_open=True, is_booking=False
    ).values_list("holder_id", "slot"):
        held[holder].append(slot)
    return tuple(sorted(who for who, slots in held.items() if len(slots) > after.rules.limit))


def _held(
    before: Attached | None, after: Attached | None, at: dt.datetime
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the uses that run under a policy, and those that its new rules would end tonight."""
    if before is None:
        return (), ()
    running = Assignment.objects.filter(
        policy_id=before.rules.policy_id, closed_at__isnull=True, recovery_at__isnull=True
    ).order_by("pk")
    rows = list(
        running.values_list(
            "pk", "started_at", "ends_at", "at_end", "compartment__bank__site__time_zone"
        )
    )
    released = []
    for pk, started_at, ends_at, at_end, time_zone in rows:
        if after is None or started_at is None:
            continue
        zone = zoneinfo.ZoneInfo(time_zone)
        tonight = periods.next_local(at, dt.time(0), zone) + dt.timedelta(hours=6)
        was = at_end == AtEnd.RELEASE and ends_at is not None and ends_at <= tonight
        term = new_end(after.rules, started_at, at, zone)
        end = term.ends_at if term is not None else None
        goes = after.rules.at_end is AtEnd.RELEASE and end is not None and end <= tonight
        if goes and not was:
            released.append(pk)
    return tuple(pk for pk, *_rest in rows), tuple(released)


def new_end(
    rules: Rules, started_at: dt.datetime, at: dt.datetime, zone: zoneinfo.ZoneInfo
) -> terms.Term | None:
    """Return until when a use that runs would last by other rules; None where they do not say.

    Nobody loses a door at once: what would be over already lasts until the next such end.
    """
    if rules.meaning.ends not in _ENDS_BY_RULE:
        return None
    term = terms.term(rules, started_at, zone)
    if term.due_at is not None and term.due_at <= at:
        term = terms.term(rules, at, zone)
    return term
