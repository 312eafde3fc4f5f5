"""What is going on with one compartment: now, next, and the last things that happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from access.models import Person, User
from audit.actions import Action
from audit.models import ActorKind, Event
from lockers.choices import PENDING
from lockers.models import Command, Compartment
from occupancy import closings
from occupancy.choices import ClaimKind, Shown
from occupancy.models import Claim
from occupancy.selectors.doors import MapDoor, bank_states
from occupancy.state import State

EVENTS = 20
# How an open ended stays on the panel this long; then only the trail tells.
_RECENT = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Told:
    """One line of the story."""

    at: dt.datetime
    words: str
    by: str
    about: str
    reason: str


@dataclass(frozen=True)
class Story:
    """One compartment's story. ``claim`` is who has it or comes next; names are for staff only."""

    compartment: Compartment
    door: MapDoor
    state: State
    claim: Claim | None
    next_claim: Claim | None
    command: Command | None
    events: list[Told]
    # Why it is closed, now and next, where it is.
    closed_for: str = ""
    next_closed_for: str = ""

    @property
    def word(self) -> str:
        """What the state is called."""
        return str(Shown(self.state.shown).label)

    @property
    def holder(self) -> str:
        """Who has it or comes next: a person, a role or a department."""
        return _whose(self.claim)

    @property
    def next_holder(self) -> str:
        """Who comes after that."""
        return _whose(self.next_claim)

    @property
    def is_held(self) -> bool:
        """Whether somebody has the door now."""
        claim = self.claim
        return bool(claim and claim.started_at and claim.kind == ClaimKind.ASSIGNMENT)

    @property
    def is_pending(self) -> bool:
        """Whether an open is on its way, so that the panel has to look again soon."""
        return self.command is not None and self.command.status in PENDING


def compartment_story(compartment_id: int, at: dt.datetime) -> Story:
    """Return the story of a compartment. Raises Compartment.DoesNotExist.

    The caller has checked the right to see its site.
    """
    compartment = Compartment.objects.select_related("bank__site", "bank__area", "size").get(
        pk=compartment_id
    )
    door = next(
        door for door in bank_states([compartment.bank_id], at) if door.id == compartment_id
    )
    state = door.state(at)
    claims = list(
        Claim.objects.filter(compartment=compartment, closed_at__isnull=True)
        .select_related("holder", "role", "department", "policy")
        .order_by("starts_at")
    )
    has = next((c for c in claims if c.pk == door.claim_id and state.allocation != "free"), None)
    later = next((c for c in claims if c is not has and c.starts_at > at), None)
    command = (
        Command.objects.filter(compartment=compartment, requested_at__gt=at - _RECENT)
        .order_by("-requested_at")
        .first()
    )
    events = Event.objects.filter(compartment_id=compartment_id).order_by("-id")[:EVENTS]
    shut = [one for one in (has, later) if one and one.kind == ClaimKind.CLOSURE]
    why = closings.reasons(shut) if shut else {}
    return Story(
        compartment, door, state, has, later, command, _told(list(events)),
        why.get(has.pk, "") if has else "", why.get(later.pk, "") if later else "",
    )  # fmt: skip


def _whose(claim: Claim | None) -> str:
    if claim is None:
        return ""
    return str(claim.holder or claim.role or claim.department or "")


def _told(events: Iterable[Event]) -> list[Told]:
    events = list(events)
    people = {event.person_id for event in events if event.person_id}
    people |= {int(e.actor_id) for e in events if e.actor_kind == ActorKind.PERSON and e.actor_id}
    staff = {int(e.actor_id) for e in events if e.actor_kind == ActorKind.STAFF and e.actor_id}
    names = {person.pk: str(person) for person in Person.objects.filter(pk__in=people)}
    users = {
        user.pk: str(user.get_full_name() or user) for user in User.objects.filter(pk__in=staff)
    }
    return [_line(event, names, users) for event in events]


def _line(event: Event, names: dict[int, str], users: dict[int, str]) -> Told:
    by = str(ActorKind(event.actor_kind).label)
    if event.actor_kind == ActorKind.PERSON and event.actor_id:
        by = names.get(int(event.actor_id), by)
    elif event.actor_kind == ActorKind.STAFF and event.actor_id:
        by = users.get(int(event.actor_id), by)
    about = names.get(event.person_id or 0, "")
    return Told(
        at=event.occurred_at,
        words=_words(event.action),
        by=by,
        about="" if about == by else about,
        reason=event.reason,
    )


def _words(action: str) -> str:
    try:
        return str(Action(action).label)
    except ValueError:
        return action
