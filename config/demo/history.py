"""Write the past two weeks and what is held now.

The rows are backdated and written in bulk, past the services that write them in real life (they
stamp the present, one row at a time); the shapes are the services' own. ``recorded_at`` of the
audit trail still tells the truth: when the demonstration was built. On later days the past stays
where it is, what was held ends as its policy says, and ``later`` writes who came since.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from access.models import Grant
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from config.demo.estate import BuiltSite, Estate
from config.demo.visits import Visit
from lockers.choices import CommandStatus
from lockers.models import Command, Compartment, Door, LockEvent
from lockers.services.commands import OPEN_WITHIN
from occupancy.choices import ClaimKind, ClosedHow
from occupancy.models import Claim, Quota

# Whose tables are written in bulk.
WRITTEN = (Claim, Quota, Grant, Command, LockEvent, Event)


@dataclass
class History:
    """Collects the rows of all sites, then writes them in the order in which they happened."""

    estate: Estate
    staff_id: int
    at: dt.datetime
    rng: random.Random
    claims: list[tuple[BuiltSite, Visit, Claim]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    lines: list[LockEvent] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    _moved_at: dict[int, dt.datetime] = field(default_factory=dict)

    def add_visits(self, built: BuiltSite, visits: list[Visit]) -> None:
        """Take in the visits to a site."""
        for visit in visits:
            claim = Claim(
                compartment_id=visit.door,
                kind=ClaimKind.ASSIGNMENT,
                holder_id=visit.person,
                policy=built.policy,
                starts_at=visit.starts_at,
                ends_at=visit.ends_at,
                started_at=visit.starts_at,
                closed_at=visit.closed_at,
                closed_how=visit.how or "",
                at_end=built.policy.at_end,
            )
            self.claims.append((built, visit, claim))

    def add_event(
        self,
        built: BuiltSite | None,
        action: Action,
        actor: Actor,
        at: dt.datetime,
        *,
        door: Compartment | None = None,
        bank_id: int | None = None,
        person_id: int | None = None,
        subject: str = "",
        reason: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Take in one line of the audit trail."""
        self.events.append(
            Event(
                occurred_at=min(at, self.at),
                recorded_at=self.at,
                action=action,
                actor_kind=actor.kind,
                actor_id=actor.id,
                organisation_id=self.estate.organisation.pk,
                site_id=built.site.pk if built else None,
                bank_id=door.bank_id if door else bank_id,
                compartment_id=door.pk if door else None,
                person_id=person_id,
                subject=subject,
                reason=reason,
                data=data or {},
            )
        )

    def add_line(
        self,
        built: BuiltSite,
        kind: str,
        door: Compartment | None,
        at: dt.datetime,
        *,
        command_id: uuid.UUID | None = None,
        detail: str = "",
    ) -> None:
        """Take in one line of a bridge's journal; it is numbered when all are there."""
        self.lines.append(
            LockEvent(
                bridge=built.bridge,
                kind=kind,
                compartment=door,
                command_id=command_id,
                detail=detail,
                occurred_at=min(at, self.at),
                received_at=min(at, self.at),
            )
        )
        if door is not None:
            self._moved_at[door.pk] = max(self._moved_at.get(door.pk, at), min(at, self.at))

    def write(self) -> None:
        """Write everything, oldest first, so that the numbers run as the time does."""
        self.claims.sort(key=lambda row: row[2].starts_at)
        Claim.objects.bulk_create([claim for _built, _visit, claim in self.claims])
        doors = {door.pk: door for built in self.estate.sites for door in built.doors}
        for built, visit, claim in self.claims:
            self._tell(built, visit, claim, doors[visit.door])
        Quota.objects.bulk_create(
            Quota(claim=claim, policy=built.policy, holder_id=visit.person, slot=1)
            for built, visit, claim in self.claims
            if claim.closed_at is None
        )
        Grant.objects.bulk_create(_grant(claim) for _built, _visit, claim in self.claims)
        self.commands.sort(key=lambda command: command.requested_at)
        Command.objects.bulk_create(self.commands)
        LockEvent.objects.bulk_create(self._numbered())
        self.events.sort(key=lambda event: event.occurred_at)
        Event.objects.bulk_create(self.events)
        moved = Door.objects.in_bulk(self._moved_at)
        for door in moved.values():
            door.changed_at = self._moved_at[door.pk]
        Door.objects.bulk_update(moved.values(), ["changed_at"])

    def _numbered(self) -> Iterator[LockEvent]:
        """Yield the journal lines of every bridge, numbered from 1 in one journal each."""
        journals = {
            built.bridge.pk: uuid.UUID(int=self.rng.getrandbits(128), version=4)
            for built in self.estate.sites
        }
        seqs = dict.fromkeys(journals, 0)
        for line in sorted(self.lines, key=lambda line: line.occurred_at):
            seqs[line.bridge_id] += 1
            line.journal, line.seq = journals[line.bridge_id], seqs[line.bridge_id]
            yield line

    def _tell(self, built: BuiltSite, visit: Visit, claim: Claim, door: Compartment) -> None:
        person = Actor.person(visit.person)
        terminal = built.terminals.get(door.bank_id)
        via = {"terminal": terminal.pk} if terminal else {}
        facts = {"claim": claim.pk, "policy": built.policy.pk, **via}
        self._open(built, claim, door, visit.starts_at, "claim")
        self.add_event(
            built,
            Action.CLAIMED,
            person,
            visit.starts_at,
            door=door,
            person_id=visit.person,
            data=facts,
        )
        for opened_at in visit.opens:
            self._open(built, claim, door, opened_at, "open_again")
        if visit.closed_at is None or visit.how is None:
            return
        if visit.how == ClosedHow.FINISHED:
            before = dt.timedelta(seconds=self.rng.uniform(50, 100))
            self._open(built, claim, door, visit.closed_at - before, "open_again")
        by_staff = visit.how == ClosedHow.RELEASED_BY_STAFF
        actor = Actor.staff(self.staff_id) if by_staff else person
        expired = visit.how == ClosedHow.EXPIRED
        self.add_event(
            built,
            Action.EXPIRED if expired else Action.RELEASED,
            Actor.job("expiry") if expired else actor,
            visit.closed_at,
            door=door,
            person_id=visit.person,
            reason="Asked at reception, had lost the badge" if by_staff else "",
            data={"claim": claim.pk} | ({} if expired else {"how": visit.how.value}),
        )

    def _open(
        self, built: BuiltSite, claim: Claim, door: Compartment, at: dt.datetime, purpose: str
    ) -> None:
        """Take in one opening: nearly always it works the first time."""
        if purpose == "open_again" and self.rng.random() < 0.005:
            self._command(built, claim, door, at, purpose, jammed=True)
            at += dt.timedelta(seconds=self.rng.uniform(12, 25))
        self._command(built, claim, door, at, purpose, jammed=False)

    def _command(
        self,
        built: BuiltSite,
        claim: Claim,
        door: Compartment,
        at: dt.datetime,
        purpose: str,
        *,
        jammed: bool,
    ) -> None:
        sent_at = at + dt.timedelta(milliseconds=self.rng.uniform(8, 40))
        actuated_at = sent_at + dt.timedelta(milliseconds=self.rng.uniform(40, 160))
        opened_at = actuated_at + dt.timedelta(milliseconds=self.rng.uniform(250, 1400))
        closed_at = opened_at + dt.timedelta(seconds=self.rng.uniform(6, 40))
        failed_at = actuated_at + dt.timedelta(seconds=3)
        assert claim.holder_id is not None  # only closures have no holder
        actor = Actor.person(claim.holder_id)
        command = Command(
            id=uuid.UUID(int=self.rng.getrandbits(128), version=4),
            compartment=door,
            bridge=built.bridge,
            purpose=purpose,
            actor_kind=actor.kind,
            actor_id=actor.id,
            claim_id=claim.pk,
            status=CommandStatus.FAILED if jammed else CommandStatus.CLOSED,
            detail="did_not_open" if jammed else "",
            requested_at=at,
            deadline=at + OPEN_WITHIN,
            sent_at=sent_at,
            actuated_at=actuated_at,
            opened_at=None if jammed else opened_at,
            ended_at=failed_at if jammed else closed_at,
        )
        self.commands.append(command)
        self.add_event(
            built,
            Action.OPEN_REQUESTED,
            actor,
            at,
            door=door,
            person_id=claim.holder_id,
            data={"command": str(command.pk), "purpose": purpose},
        )
        told: list[tuple[str, dt.datetime, Action | None]] = [
            ("command_accepted", sent_at, None),
            ("command_actuated", actuated_at, None),
        ]
        if jammed:
            told.append(("command_failed", failed_at, Action.NOT_OPENED))
        else:
            told.append(("command_opened", opened_at, Action.OPENED))
            told.append(("command_closed", closed_at, Action.CLOSED))
        for kind, when, action in told:
            detail = command.detail if kind == "command_failed" else ""
            self.add_line(built, kind, door, when, command_id=command.pk, detail=detail)
            if action is not None:
                self.add_event(
                    built,
                    action,
                    actor,
                    when,
                    door=door,
                    person_id=claim.holder_id,
                    data={"command": str(command.pk)},
                )


def _grant(claim: Claim) -> Grant:
    assert claim.holder_id is not None  # only closures have no holder
    return Grant(
        person_id=claim.holder_id,
        compartment_id=claim.compartment_id,
        claim_id=claim.pk,
        starts_at=claim.starts_at,
        ends_at=claim.ends_at,
        revoked_at=claim.closed_at,
    )
