"""What a bridge refused at its readers by itself, brought into the trail."""

from __future__ import annotations

from access.models import Pass
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


def record(bridge: Bridge, line: Line) -> None:
    """Record a refusal of the bridge with its decision, where the reader hangs."""
    refused: ScanRefused = line.about
    site = bridge.site
    reader = Reader.objects.filter(pk=refused.reader_id, bank__bridge=bridge).first()
    data: dict[str, object] = {
        "code": refused.code,
        "reader": refused.reader_id,
        "decision": {"code": refused.code, "why": refused.why},
        "by": "bridge",
        "seq": line.seq,
    }
    person_id = None
    if refused.pass_id is not None:
        data |= {"kind": "pass", "pass": str(refused.pass_id)}
        ours = Pass.objects.filter(pk=refused.pass_id, person__organisation_id=site.organisation_id)
        person_id = ours.values_list("person_id", flat=True).first()
    if not line.clock_ok:
        data["clock_ok"] = False
    events.record(
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
