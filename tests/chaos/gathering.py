"""Reading what is left behind: the database, the trail, and the journals on the bridges' disks."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from kiosk.bridge import protocol
from kiosk.bridge.protocol import FinishedAlone, GivenAlone
from lockers.models import Authority, BridgePresence, LockEvent
from lockers.models import Command as AskedFor
from occupancy.choices import Breach
from occupancy.models import AloneUse, Assignment
from occupancy.services import keeping
from tests.chaos.evidence import Claim, Command, Line

ENDS = Action.RELEASED, Action.RELEASED_BY_STAFF, Action.EXPIRED, Action.WITHDRAWN
ROUNDED_S = 0.002
SEEN_WITHIN = dt.timedelta(seconds=10)


# When the lines of the bridges were seen first, by the clock of the run: (bridge, number).
Seen = Mapping[tuple[int, int], float]


@dataclass
class Alone:
    """What bridges gave and took back: when it was written by the clock of the run."""

    given: dict[uuid.UUID, float] = field(default_factory=dict)
    # With the time that the box itself gave, which the server goes by.
    finished: dict[uuid.UUID | int, tuple[float, float]] = field(default_factory=dict)

    def read(self, bridge_id: int, state: Path, seen: Seen) -> None:
        """Read a bridge's journal."""
        with contextlib.closing(sqlite3.connect(state / "journal.sqlite")) as base:
            rows = base.execute(
                "SELECT seq, kind, occurred_at_ms, detail FROM line"
                " WHERE kind IN ('given_alone', 'finished_alone') ORDER BY seq"
            ).fetchall()
        for seq, kind, at_ms, detail in rows:
            at = seen.get((bridge_id, seq), at_ms / 1000)
            if kind == "given_alone":
                self.given[protocol.decode_detail(detail, GivenAlone).ref] = at
            else:
                told = protocol.decode_detail(detail, FinishedAlone)
                self.finished[told.ref or told.claim_id or 0] = at_ms / 1000, at

    def ended(self, claim: Assignment, ref: uuid.UUID | None) -> float | None:
        """Return when a use was ended by a bridge, if it was."""
        if claim.closed_at is None:
            return None
        told_at, seen_at = self.finished.get(ref or claim.pk, (0.0, 0.0))
        closed_at = max(told_at, claim.starts_at.timestamp())
        # Else it was ended at the server before.
        is_by_bridge = abs(claim.closed_at.timestamp() - closed_at) < ROUNDED_S
        return seen_at if seen_at and is_by_bridge else None


def _trail(*actions: Action) -> dict[int, Event]:
    """Return the last of these events of each use."""
    found = Event.objects.filter(action__in=actions).order_by("pk")
    return {event.data["claim"]: event for event in found if "claim" in event.data}


def claims(alone: Alone) -> list[Claim]:
    """Return every use that ever began."""
    refs = dict(AloneUse.objects.exclude(claim=None).values_list("claim_id", "ref"))
    begun, over, found = _trail(Action.CLAIMED), _trail(*ENDS), []
    undone = _trail(Action.RELEASE_UNDONE)
    for one in Assignment.objects.filter(started_at__isnull=False).order_by("pk"):
        ref, began, ended = refs.get(one.pk), begun[one.pk], over.get(one.pk)
        is_over = one.closed_at is not None and ended is not None
        # A server that was held up has written it later than it says.
        ended_at = ended.recorded_at.timestamp() if is_over else None
        found.append(
            Claim(
                id=one.pk,
                door=one.compartment_id,
                holder=one.holder_id or 0,
                started_at=alone.given[ref] if ref else began.recorded_at.timestamp(),
                closed_at=alone.ended(one, ref) or ended_at,
                closed_how=one.closed_how,
                scan=began.data.get("scan") or "",
                began=began.pk,
                over=ended.pk if is_over else None,
                was_undone=one.pk in undone,
            )
        )
    return found


def clashes() -> list[int]:
    """Return the doors that a bridge gave while the server had given them to somebody else."""
    found = AloneUse.objects.filter(breach=Breach.DOOR_HELD)
    return list(found.values_list("compartment_id", flat=True))


def commands() -> list[Command]:
    """Return every open that was asked for, by the server or by a bridge.

    How long each was good counts from when it was written: a server's clock may be wrong.
    """
    asked = {
        uuid.UUID(command): recorded_at
        for command, recorded_at in Event.objects.filter(action=Action.OPEN_REQUESTED).values_list(
            "data__command", "recorded_at"
        )
    }
    return [
        Command(
            id=one.pk,
            door=one.compartment_id,
            person=int(one.actor_id) if one.actor_kind == "person" else None,
            claim=one.claim_id,
            deadline=(
                asked.get(one.pk, one.requested_at) + (one.deadline - one.requested_at)
            ).timestamp(),
        )
        for one in AskedFor.objects.all()
    ]


def audited() -> set[uuid.UUID]:
    """Return the commands whose asking stands in the trail."""
    found = Event.objects.filter(action="door.open_requested").values_list("data__command")
    return {uuid.UUID(command) for (command,) in found}


def stored(seen: Seen) -> list[Line]:
    """Return the lines that the server has."""
    return [
        Line(
            one.bridge_id, one.journal, one.seq, one.kind,
            seen.get((one.bridge_id, one.seq), one.occurred_at.timestamp()),
            one.compartment_id, one.command_id,
        )
        for one in LockEvent.objects.order_by("bridge_id", "seq")
    ]  # fmt: skip


def written(bridge_id: int, state: Path, seen: Seen) -> list[Line]:
    """Return the lines on a bridge's disk."""
    with contextlib.closing(sqlite3.connect(state / "journal.sqlite")) as base:
        about = dict(base.execute("SELECT name, value FROM about"))
        rows = base.execute(
            "SELECT seq, kind, occurred_at_ms, compartment_id, command_id FROM line ORDER BY seq"
        ).fetchall()
    journal = uuid.UUID(about["journal"])
    return [
        Line(bridge_id, journal, seq, kind, seen.get((bridge_id, seq), at_ms / 1000), door,
             uuid.UUID(command) if command else None)
        for seq, kind, at_ms, door, command in rows
    ]  # fmt: skip


def broken(logs: Iterable[Path]) -> list[str]:
    """Return what servers wrote of rules of the database that they ran into."""
    return [
        line.partition(": ")[2]
        for log in logs
        for line in log.read_text(errors="replace").splitlines()
        if line.startswith("django.db.utils.IntegrityError: ")
    ]


def unsettled(bridge_id: int, name: str, state: Path) -> list[str]:
    """Return what is not as it is when nothing goes wrong."""
    connection.close_if_unusable_or_obsolete()
    at, found = timezone.now(), []
    presence = BridgePresence.objects.filter(bridge_id=bridge_id).first()
    if presence is None or presence.connection is None or presence.last_seen_at < at - SEEN_WITHIN:
        found.append(f"bridge {name} is not connected")
    with contextlib.closing(sqlite3.connect(state / "journal.sqlite")) as base:
        about = dict(base.execute("SELECT name, value FROM about"))
        (last,) = base.execute("SELECT coalesce(max(seq), 0) FROM line").fetchone()
    if '"is_alone":true' in about.get("side", ""):
        found.append(f"bridge {name} is still alone")
    if int(about.get("acknowledged", 0)) != last:
        found.append(f"bridge {name} has lines that were not acknowledged")
    beat_at = Authority.objects.values_list("beat_at", flat=True).get(bridge_id=bridge_id)
    if beat_at is None or beat_at < at - SEEN_WITHIN:
        found.append(f"the server may not give the doors of bridge {name}")
    untold = keeping.untold(bridge_id=bridge_id)
    if untold.holds or untold.gone:
        found.append(f"bridge {name} does not have {untold}")
    waiting = AskedFor.objects.filter(
        bridge_id=bridge_id, status="queued", deadline__lt=at - SEEN_WITHIN
    )
    if waiting.exists():
        found.append(f"commands of bridge {name} wait beyond their deadline")
    return found


def counts() -> dict[str, int]:
    """Count what happened, as the database has it."""
    kinds = Counter(LockEvent.objects.values_list("kind", flat=True))
    ends = Counter(Assignment.objects.values_list("closed_how", flat=True))
    return {
        "claims in the database": Assignment.objects.count(),
        "given alone": AloneUse.objects.count(),
        "breaches": AloneUse.objects.exclude(breach="").count(),
        "withdrawn": ends["withdrawn"],
        "finished": ends["finished"],
        "finished alone": kinds["finished_alone"],
        "times alone": kinds["alone_began"],
        "handbacks": Event.objects.filter(action="bridge.returned").count(),
        "opens asked by the server": kinds["command_accepted"],
        "opens alone": kinds["open_alone"],
        "opens seen": kinds["command_opened"],
        "scans refused at a bridge": kinds["scan_refused"],
        "bridge starts": kinds["bridge_started"],
        "lines": sum(kinds.values()),
    }
