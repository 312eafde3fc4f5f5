"""Somebody shows who they are: at a terminal, or at a reader wired to the bridge."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from access.errors import BadRead
from access.services import identification
from access.services.identification import Identified, Where
from audit.actions import Action
from audit.services import events, idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from kiosk.authentication import Framing, Here
from kiosk.errors import ScanOver, ScanTaken, UnknownReader
from kiosk.models import Scan, Terminal
from kiosk.services import taps
from lockers.choices import ReaderTransport
from lockers.models import Reader
from occupancy.models import Assignment
from occupancy.services import assignments

# Without anything done in between; the screen itself clears much earlier.
LASTS = dt.timedelta(seconds=120)
# A read at a wired reader waits for a screen this long: the next person must not find it.
WAITS = dt.timedelta(seconds=20)
# A badge that rests on the reader is read several times.
DEBOUNCE = dt.timedelta(seconds=2)
KEPT_FOR = dt.timedelta(days=2)


def fingerprint(*parts: str) -> str:
    """Return a keyed digest of a request: a plain one would let badges and PINs be found by trying
    them all against the stored answers."""
    return salted_hmac("kiosk.request", "\0".join(parts), algorithm="sha256").hexdigest()


def whole(raw: str, readers: tuple[Framing, ...]) -> str | None:
    """Return the badge number of a wedge read, or None unless prefix, suffix and length fit."""
    for reader in readers:
        framed = len(reader.prefix) + reader.length + len(reader.suffix)
        if (
            len(raw) == framed
            and reader.prefix
            and reader.suffix
            and raw.startswith(reader.prefix)
            and raw.endswith(reader.suffix)
        ):
            text = raw[len(reader.prefix) : len(reader.prefix) + reader.length]
            if text.isascii() and text.isprintable() and " " not in text:
                return text
    return None


def identify(*, here: Here, raw: str, at: dt.datetime) -> Identified:
    """Return the badge that a terminal's own reader typed; raises BadRead and as by_badge."""
    text = whole(raw, here.readers)
    if text is None:
        raise _bad_read(here.where, len(raw), at)
    return identification.by_badge(text=text, where=here.where, at=at)


def by_badge(*, here: Here, raw: str, at: dt.datetime) -> Scan:
    """Begin a scan from what the terminal's reader typed; the same badge at once is one scan."""
    badge = identify(here=here, raw=raw, at=at)
    same = Scan.objects.filter(
        terminal_id=here.terminal_id,
        credential_id=badge.credential_id,
        ended_at=None,
        scanned_at__gt=at - DEBOUNCE,
        expires_at__gt=at,
    )
    return same.select_related("person").first() or _begin(here, badge, at)


def by_number(*, here: Here, personal_number: str, pin: str, at: dt.datetime) -> Scan:
    """Begin a scan from a personal number and PIN."""
    return _begin(
        here,
        identification.by_pin(personal_number=personal_number, pin=pin, where=here.where, at=at),
        at,
    )


def by_door(*, here: Here, number: str, pin: str, at: dt.datetime) -> Scan:
    """Begin a scan from the number of a door of this bank and the PIN of its holder."""
    holder = (
        Assignment.objects.filter(
            assignments.in_force(at),
            compartment__bank_id=here.bank_id,
            compartment__number=number.strip(),
        )
        .values_list("holder_id", flat=True)
        .first()
    )
    return _begin(
        here, identification.pin_of(person_id=holder, pin=pin, where=here.where, at=at), at
    )


def take(*, here: Here, scan_id: uuid.UUID, at: dt.datetime) -> Scan:
    """Give a waiting scan of a wired reader to the first terminal that asks; raises ScanTaken."""
    taken = Scan.objects.filter(
        pk=scan_id, bank_id=here.bank_id, terminal=None, ended_at=None, expires_at__gt=at
    ).update(terminal_id=here.terminal_id, expires_at=at + LASTS)
    if not taken:
        raise ScanTaken
    return Scan.objects.select_related("person").get(pk=scan_id)


def person_of(*, here: Here, scan_id: uuid.UUID, at: dt.datetime) -> int:
    """Return whom a live scan of this terminal stands for, and keep it alive; raises ScanOver."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kiosk_scan SET expires_at = %s WHERE id = %s AND terminal_id = %s"
            " AND ended_at IS NULL AND expires_at > %s RETURNING person_id",
            (at + LASTS, scan_id, here.terminal_id, at),
        )
        row = cursor.fetchone()
    if row is None:
        raise ScanOver
    return int(row[0])


def end(*, here: Here, scan_id: uuid.UUID, at: dt.datetime) -> None:
    """End a scan; ending it twice is no mistake."""
    Scan.objects.filter(pk=scan_id, terminal_id=here.terminal_id, ended_at=None).update(ended_at=at)


def purge(*, at: dt.datetime) -> int:
    """Forget scans that ended long ago; return how many."""
    return Scan.objects.filter(expires_at__lt=at - KEPT_FOR).delete()[0]


def scan_at_reader(
    *, reader_id: int, text: str, scan_id: uuid.UUID, bridge_id: int, at: dt.datetime
) -> tuple[bool, str]:
    """Take a read from a wired reader; return whether it is accepted and what to show.

    At a door's own reader, and at a bank without a screen, the tap acts at once: a holder's door
    opens again, otherwise the door (or any) is claimed. At a bank with a screen the scan waits for
    it. A tap never gives a locker up. The same ``scan_id`` again gets the first answer.
    """
    reply = idempotency.once(
        scope=f"bridge:{bridge_id}",
        key=str(scan_id),
        request=fingerprint(str(reader_id), text),
        work=lambda: _read(reader_id, text, scan_id, bridge_id, at),
    )
    return reply.status == 200, str(reply.body["message"])


def _read(reader_id: int, text: str, scan_id: uuid.UUID, bridge_id: int, at: dt.datetime) -> Reply:
    reader = (
        Reader.objects.select_related("bank__site", "compartment")
        .filter(pk=reader_id, bank__bridge_id=bridge_id, transport=ReaderTransport.WIRED)
        .first()
    )
    if reader is None:
        raise UnknownReader
    site = reader.bank.site
    bank = reader.bank
    where = Where(Actor.bridge(bridge_id), site.organisation_id, site.pk, bank.pk, bank.pin_rule)
    if len(text) != reader.length or not (text.isascii() and text.isprintable()):
        raise _bad_read(where, len(text), at)
    badge = identification.by_badge(text=text, where=where, at=at)
    if reader.compartment is not None or not _has_screen(reader.bank_id):
        return Reply(200, {"message": taps.act(reader=reader, person_id=badge.person_id, at=at)})
    waiting = Scan.objects.filter(
        bank_id=reader.bank_id,
        credential_id=badge.credential_id,
        ended_at=None,
        scanned_at__gt=at - DEBOUNCE,
    )
    if not waiting.exists():
        Scan.objects.create(
            pk=scan_id,
            reader=reader,
            bank_id=reader.bank_id,
            person_id=badge.person_id,
            credential_id=badge.credential_id,
            scanned_at=at,
            expires_at=at + WAITS,
        )
        _identified(where, badge, at, reader=reader.pk, scan=str(scan_id))
    return Reply(200, {"message": _("Look at the screen.")})


def _has_screen(bank_id: int) -> bool:
    return (
        Terminal.objects.filter(bank_id=bank_id, revoked_at=None).exclude(token_digest="").exists()
    )


def _begin(here: Here, found: Identified, at: dt.datetime) -> Scan:
    scan = Scan.objects.create(
        terminal_id=here.terminal_id,
        bank_id=here.bank_id,
        person_id=found.person_id,
        credential_id=found.credential_id,
        scanned_at=at,
        expires_at=at + LASTS,
    )
    _identified(here.where, found, at, scan=str(scan.pk))
    return scan


def _identified(where: Where, found: Identified, at: dt.datetime, **data: object) -> None:
    events.record(
        action=Action.IDENTIFIED,
        actor=where.actor,
        at=at,
        organisation_id=where.organisation_id,
        site_id=where.site_id,
        bank_id=where.bank_id,
        person_id=found.person_id,
        data={"kind": found.kind, "decision": found.decision.log(), **data},
    )


def _bad_read(where: Where, received: int, at: dt.datetime) -> BadRead:
    """Return the refusal; only how much was read is kept, for it may be most of a number."""
    refusal = BadRead()
    refusal.keep(
        lambda: events.record(
            action=Action.REFUSED,
            actor=where.actor,
            at=at,
            organisation_id=where.organisation_id,
            site_id=where.site_id,
            bank_id=where.bank_id,
            data={"code": refusal.code, "received": received},
        )
    )
    return refusal
