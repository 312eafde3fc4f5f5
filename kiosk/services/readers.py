"""Somebody shows who they are at a reader that is wired to the bridge."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from access.decisions import Code
from access.errors.decisions import NotAllowed
from access.services import identification, passes, profiles
from access.services.identification import Identified
from access.services.passes import Believed
from access.services.shown import Where
from audit.actions import Action
from audit.services import events, idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from kiosk.errors import ScanTooOld, UnknownReader
from kiosk.models import Scan, Terminal
from kiosk.services import scans, taps
from lockers.choices import AT_THE_BRIDGE, ReaderTransport
from lockers.drivers.base import SIGNED
from lockers.models import Reader

# A read waits for a screen this long: the next person must not find it.
WAITS = dt.timedelta(seconds=20)
# A read that was under way for longer is acted on for nobody: a line that was cut may still
# deliver what was on it when it comes back, and whoever stood there is gone.
LATEST = dt.timedelta(seconds=10)
# Neither accepted nor refused yet.
WANTS_PIN = 202


class Told(NamedTuple):
    """What the reader is told."""

    accepted: bool
    sentence: str
    # The badge is good, and its PIN is to be typed at the reader now.
    wants_pin: bool


def scan_at_reader(
    *,
    reader_id: int,
    text: str,
    scan_id: uuid.UUID,
    bridge_id: int,
    at: dt.datetime,
    read_at: dt.datetime | None = None,
    pin: str = "",
) -> Told:
    """Take a read from a wired reader; return whether it is accepted and what to show.

    At a door's own reader, and at a bank without a screen, the tap acts at once: a holder's door
    opens again, otherwise the door (or any) is claimed. At a bank with a screen the scan waits for
    it. A tap never gives a locker up. Where the bank asks for the PIN besides, a reader that may
    have keys is told so and asks again with the ``pin``. The same ``scan_id`` again gets the first
    answer. What was read (``read_at``) longer than LATEST ago is refused.
    """
    reply = idempotency.once(
        scope=f"bridge:{bridge_id}",
        key=str(scan_id),
        request=scans.fingerprint(str(reader_id), text, pin),
        work=lambda: _read(reader_id, text, pin, scan_id, bridge_id, at, read_at or at),
    )
    return Told(reply.status == 200, str(reply.body["message"]), reply.status == WANTS_PIN)


def _read(
    reader_id: int,
    text: str,
    pin: str,
    scan_id: uuid.UUID,
    bridge_id: int,
    at: dt.datetime,
    read_at: dt.datetime,
) -> Reply:
    reader = (
        Reader.objects.select_related("bank__site", "compartment", "profile")
        .filter(pk=reader_id, bank__bridge_id=bridge_id, transport__in=AT_THE_BRIDGE)
        .first()
    )
    if reader is None:
        raise UnknownReader
    site = reader.bank.site
    bank = reader.bank
    where = Where(Actor.bridge(bridge_id), site.organisation_id, site.pk, bank.pk, bank.pin_rule)
    if at - read_at > LATEST:
        raise _too_old(where, reader, at, read_at)
    if text.startswith(SIGNED):
        return _pass(reader, text, where, scan_id, at)
    if len(text) != profiles.length_of(reader) or not (text.isascii() and text.isprintable()):
        raise scans.bad_read(where, len(text), at)
    return _badge(reader, text, pin, where, scan_id, at)


def _too_old(where: Where, reader: Reader, at: dt.datetime, read_at: dt.datetime) -> ScanTooOld:
    refusal = ScanTooOld()
    refusal.keep(
        lambda: events.record(
            action=Action.REFUSED,
            actor=where.actor,
            at=at,
            organisation_id=where.organisation_id,
            site_id=where.site_id,
            bank_id=where.bank_id,
            compartment_id=reader.compartment_id,
            data={"code": refusal.code, "reader": reader.pk, "read_at": read_at.isoformat()},
        )
    )
    return refusal


def _pass(reader: Reader, text: str, where: Where, scan_id: uuid.UUID, at: dt.datetime) -> Reply:
    shown = passes.present(text=text, where=where, at=at)
    only_id = shown.given.compartment_id
    if reader.compartment is not None or not _has_screen(reader.bank_id):
        said = taps.act(
            reader=reader, person_id=shown.person_id, at=at, only_id=only_id,
            credential=shown.kind, scan_id=scan_id,
        )  # fmt: skip
        return Reply(200, {"message": said})
    return _wait(reader, shown, where, scan_id, at, shown_pass=shown.given)


def _badge(
    reader: Reader, text: str, pin: str, where: Where, scan_id: uuid.UUID, at: dt.datetime
) -> Reply:
    profile = profiles.settings_of(reader.profile)
    has_screen = reader.compartment is None and _has_screen(reader.bank_id)
    has_keys = reader.transport == ReaderTransport.OSDP
    try:
        badge = identification.by_badge(
            text=text,
            profile=profile,
            where=where,
            at=at,
            pin=pin or None,
            may_wait=has_screen or has_keys,
        )
    except NotAllowed as refusal:
        if refusal.decision.code == Code.PIN_REQUIRED and not _has_screen(reader.bank_id):
            refusal.sentence = _(
                "A PIN is needed here as well, and nothing takes it. Ask reception."
            )
        raise
    if not has_screen:
        if badge.needs_pin:
            return Reply(WANTS_PIN, {"message": _("Type your PIN.")})
        said = taps.act(
            reader=reader, person_id=badge.person_id, at=at, credential=badge.kind, scan_id=scan_id
        )
        return Reply(200, {"message": said})
    return _wait(
        reader, badge, where, scan_id, at,
        credential_id=badge.credential_id, needs_pin=badge.needs_pin,
    )  # fmt: skip


def _wait(
    reader: Reader,
    shown: Identified | Believed,
    where: Where,
    scan_id: uuid.UUID,
    at: dt.datetime,
    *,
    needs_pin: bool = False,
    **by: Any,
) -> Reply:
    """Let a scan wait for a screen of the bank; what rests on the reader is one scan."""
    waiting = Scan.objects.filter(
        bank_id=reader.bank_id, ended_at=None, scanned_at__gt=at - scans.DEBOUNCE, **by
    )
    if not waiting.exists():
        Scan.objects.create(
            pk=scan_id,
            reader=reader,
            bank_id=reader.bank_id,
            person_id=shown.person_id,
            needs_pin=needs_pin,
            scanned_at=at,
            expires_at=at + WAITS,
            **by,
        )
        if not needs_pin:
            scans.record_identified(where, shown, at, reader=reader.pk, scan=str(scan_id))
    return Reply(200, {"message": _("Look at the screen.")})


def _has_screen(bank_id: int) -> bool:
    return (
        Terminal.objects.filter(bank_id=bank_id, revoked_at=None).exclude(token_digest="").exists()
    )
