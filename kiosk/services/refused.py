"""What a bridge refused at its readers by itself, brought into the trail."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from access.models import Pass, Person
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from kiosk.bridge import protocol
from kiosk.bridge.protocol import ScanRefused
from lockers.models import Bridge, Reader
from lockers.services.journal import Line

# Said by the bridge of a text that proves nothing: it names nobody, whatever stands in it.
UNREADABLE = ScanRefused(code="unreadable", reader_id=0)


def told(detail: str) -> ScanRefused:
    """Return what the detail of a scan_refused line says; one that is no JSON of ours counts too.

    Not storing it would stop the journal there for ever.
    """
    try:
        return protocol.decode_refused(detail)
    except protocol.MalformedMessage:
        return UNREADABLE


def record(bridge: Bridge, lines: Sequence[Line]) -> None:
    """Record refusals of the bridge with their decisions, where the readers hang."""
    told: list[ScanRefused] = [line.about for line in lines]
    readers = Reader.objects.filter(bank__bridge=bridge).in_bulk(
        {one.reader_id for one in told if one.reader_id is not None}
    )
    ours = Pass.objects.filter(person__organisation_id=bridge.site.organisation_id)
    people: dict[uuid.UUID | None, int] = dict(
        ours.filter(pk__in={one.pass_id for one in told if one.pass_id is not None}).values_list(
            "pk", "person_id"
        )
    )
    mine = Person.objects.filter(
        organisation_id=bridge.site.organisation_id,
        pk__in={one.person_id for one in told if one.person_id is not None},
    )
    known = set(mine.values_list("pk", flat=True))
    events.record_many(
        _recorded(
            bridge, line, one, readers.get(one.reader_id or 0),
            one.person_id if one.person_id in known else people.get(one.pass_id),
        )
        for line, one in zip(lines, told, strict=True)
    )  # fmt: skip


def _recorded(
    bridge: Bridge, line: Line, refused: ScanRefused, reader: Reader | None, person_id: int | None
) -> events.Line:
    site = bridge.site
    data: dict[str, object] = {
        "code": refused.code,
        "reader": refused.reader_id,
        "decision": {"code": refused.code, "why": refused.why},
        "by": "bridge",
        "seq": line.seq,
    }
    if refused.pass_id is not None:
        data |= {"kind": "pass", "pass": str(refused.pass_id)}
    if not line.clock_ok:
        data["clock_ok"] = False
    return events.Line(
        action=Action.REFUSED,
        actor=Actor.bridge(bridge.pk),
        at=line.occurred_at,
        organisation_id=site.organisation_id,
        site_id=site.pk,
        bank_id=reader.bank_id if reader else None,
        compartment_id=reader.compartment_id if reader else None,
        person_id=person_id,
        data=data,
    )
