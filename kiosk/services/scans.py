"""Somebody shows at a terminal who they are."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Q
from django.utils.crypto import salted_hmac

from access.badges.profiles import Profile
from access.errors.badges import BadRead
from access.services import identification, passes
from access.services.identification import Identified
from access.services.passes import Believed
from access.services.shown import Where
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from kiosk.authentication import Framing, Here
from kiosk.errors import DoorOfSeveral, ScanOver, ScanTaken
from kiosk.models import Scan
from lockers.drivers.base import SIGNED
from occupancy.models import Assignment
from occupancy.services.claims import assignments

# Without anything done in between; the screen itself clears much earlier.
LASTS = dt.timedelta(seconds=120)
# A badge that rests on the reader is read several times.
DEBOUNCE = dt.timedelta(seconds=2)
R = TypeVar("R", bound=Refusal)
KEPT_FOR = dt.timedelta(days=2)


@dataclass(frozen=True)
class Stands:
    """Whom a scan stands for, for which door alone (None: whatever they may), and by what."""

    person_id: int
    only_id: int | None = None
    # What was shown: badge, wristband, phone, pin, code or pass; policies may ask for one of them.
    kind: str | None = None


def fingerprint(*parts: str) -> str:
    """Return a keyed digest of a request: a plain one would let badges and PINs be found by trying
    them all against the stored answers."""
    return salted_hmac("kiosk.request", "\0".join(parts), algorithm="sha256").hexdigest()


def whole(raw: str, readers: tuple[Framing, ...]) -> tuple[str, Profile] | None:
    """Return the text of a wedge read and the profile that reads it.

    None unless prefix, suffix and length fit a reader. Two readers that frame alike and read
    otherwise would leave it to a guess, so that is None too.
    """
    found = set()
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
                found.add((text, reader.profile))
    return found.pop() if len(found) == 1 else None


def signed(raw: str, readers: tuple[Framing, ...]) -> str | None:
    """Return the text of a pass that a reader typed, or None; its signature tells whether whole."""
    for reader in readers:
        begins = reader.prefix + SIGNED
        is_framed = reader.prefix and reader.suffix and raw.endswith(reader.suffix)
        if is_framed and raw.startswith(begins):
            return raw[len(reader.prefix) : -len(reader.suffix)]
    return None


def identify(*, here: Here, raw: str, at: dt.datetime, pin: str | None = None) -> Identified:
    """Return the badge that a terminal's own reader typed; raises BadRead and as by_badge."""
    read = whole(raw, here.readers)
    if read is None:
        raise bad_read(here.where, len(raw), at)
    text, profile = read
    return identification.by_badge(text=text, profile=profile, where=here.where, at=at, pin=pin)


def by_badge(*, here: Here, raw: str, at: dt.datetime, pin: str | None = None) -> Scan:
    """Begin a scan from what the terminal's reader typed; the same badge at once is one scan.

    With the PIN where the bank asks for it besides.
    """
    text = signed(raw, here.readers)
    if text is not None:
        return _by_pass(here, text, pin, at)
    badge = identify(here=here, raw=raw, at=at, pin=pin)
    same = Scan.objects.filter(
        terminal_id=here.terminal_id,
        credential_id=badge.credential_id,
        ended_at=None,
        scanned_at__gt=at - DEBOUNCE,
        expires_at__gt=at,
    )
    return same.select_related("person", "credential").first() or _begin(here, badge, at)


def beside(*, here: Here, raw: str, at: dt.datetime) -> int:
    """Return whose badge is held to the reader beside somebody else's turn.

    It opens nothing now, so that no PIN is asked for besides. Raises BadRead and as by_badge.
    """
    read = whole(raw, here.readers)
    if read is None:
        raise bad_read(here.where, len(raw), at)
    text, profile = read
    return identification.by_badge(
        text=text, profile=profile, where=here.where, at=at, may_wait=True
    ).person_id


def _by_pass(here: Here, text: str, pin: str | None, at: dt.datetime) -> Scan:
    """Begin a scan from a pass; held there a little longer, one for one use is used once."""
    same = Scan.objects.filter(
        terminal_id=here.terminal_id,
        shown_pass_id=passes.id_of(text),
        ended_at=None,
        scanned_at__gt=at - DEBOUNCE,
        expires_at__gt=at,
    )
    scan = same.exclude(shown_pass=None).select_related("person", "shown_pass").first()
    if scan is not None:
        return scan
    shown = passes.present(text=text, pin=pin, where=here.where, at=at)
    scan = Scan.objects.create(
        terminal_id=here.terminal_id,
        bank_id=here.bank_id,
        person_id=shown.given.person_id,
        shown_pass=shown.given,
        scanned_at=at,
        expires_at=at + LASTS,
    )
    record_identified(here.where, shown, at, scan=str(scan.pk))
    return scan


def by_number(*, here: Here, personal_number: str, pin: str, at: dt.datetime) -> Scan:
    """Begin a scan from a personal number and PIN."""
    return _begin(
        here,
        identification.by_pin(personal_number=personal_number, pin=pin, where=here.where, at=at),
        at,
    )


def by_door(*, here: Here, number: str, pin: str, at: dt.datetime) -> Scan:
    """Begin a scan from the number of a door of this bank and the PIN of its holder.

    Raises DoorOfSeveral for a door of a role or department: a PIN finds nobody by itself.
    """
    held = (
        Assignment.objects.filter(
            assignments.in_force(at),
            compartment__bank_id=here.bank_id,
            compartment__number=number.strip(),
        )
        .select_related("compartment")
        .first()
    )
    if held is not None and held.holder_id is None:
        about = {"claim": held.pk}
        raise _refused(DoorOfSeveral(number=held.compartment.number), here.where, at, about)
    holder = held.holder_id if held is not None else None
    found = identification.pin_of(
        person_id=holder, pin=pin, where=here.where, at=at, door=number.strip()
    )
    return _begin(here, found, at)


def by_code(*, here: Here, code: str, at: dt.datetime) -> Scan:
    """Begin a scan from the code of a visitor; raises as identification.by_code."""
    return _begin(here, identification.by_code(code=code, where=here.where, at=at), at)


def take(*, here: Here, scan_id: uuid.UUID, at: dt.datetime, pin: str | None = None) -> Scan:
    """Give a waiting scan of a wired reader to the first terminal that asks; raises ScanTaken.

    Where a PIN is asked for besides, the terminal keeps the scan and comes again with the PIN:
    raises NotAllowed without one, and as by_badge.
    """
    live = Scan.objects.filter(pk=scan_id, bank_id=here.bank_id, ended_at=None, expires_at__gt=at)
    mine = {"terminal_id": here.terminal_id, "expires_at": at + LASTS}
    if not live.filter(terminal=None, needs_pin=False).update(**mine):
        mine_or_free = Q(terminal=None) | Q(terminal_id=here.terminal_id)
        waiting = live.filter(mine_or_free, needs_pin=True)
        scan = waiting.select_for_update().first()
        if scan is None:
            raise ScanTaken
        try:
            found = identification.by_credential(
                credential_id=scan.credential_id, pin=pin, where=here.where, at=at
            )
        except Refusal as refusal:
            refusal.keep(lambda: waiting.update(**mine))
            raise
        waiting.update(needs_pin=False, **mine)
        record_identified(here.where, found, at, scan=str(scan_id))
    return Scan.objects.select_related("person", "credential").get(pk=scan_id)


def stands_for(*, here: Here, scan_id: uuid.UUID, at: dt.datetime) -> Stands:
    """Return whom a live scan of this terminal stands for, and keep it alive.

    What was shown is judged again: a badge revoked a moment ago does nothing more. Raises ScanOver
    and NotAllowed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kiosk_scan SET expires_at = %s WHERE id = %s AND terminal_id = %s"
            " AND ended_at IS NULL AND NOT needs_pin AND expires_at > %s"
            " RETURNING person_id, credential_id, shown_pass_id",
            (at + LASTS, scan_id, here.terminal_id, at),
        )
        row = cursor.fetchone()
    if row is None:
        raise ScanOver
    person_id, credential_id, pass_id = row
    if pass_id is not None:
        given = passes.again(pass_id=pass_id, where=here.where, at=at)
        return Stands(person_id, given.compartment_id, Believed.kind)
    found = identification.again(credential_id=credential_id, where=here.where, at=at)
    return Stands(person_id, kind=found.kind)


def end(*, here: Here, scan_id: uuid.UUID, at: dt.datetime) -> None:
    """End a scan; ending it twice is no mistake."""
    Scan.objects.filter(pk=scan_id, terminal_id=here.terminal_id, ended_at=None).update(ended_at=at)


def purge(*, at: dt.datetime) -> int:
    """Forget scans that ended long ago; return how many."""
    return Scan.objects.filter(expires_at__lt=at - KEPT_FOR).delete()[0]


def _begin(here: Here, found: Identified, at: dt.datetime) -> Scan:
    scan = Scan.objects.create(
        terminal_id=here.terminal_id,
        bank_id=here.bank_id,
        person_id=found.person_id,
        credential_id=found.credential_id,
        scanned_at=at,
        expires_at=at + LASTS,
    )
    record_identified(here.where, found, at, scan=str(scan.pk))
    return scan


def record_identified(
    where: Where, found: Identified | Believed, at: dt.datetime, **data: object
) -> None:
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


def bad_read(where: Where, received: int, at: dt.datetime) -> BadRead:
    """Return the refusal; only how much was read is kept, for it may be most of a number."""
    return _refused(BadRead(), where, at, {"received": received})


def _refused(refusal: R, where: Where, at: dt.datetime, about: dict[str, Any]) -> R:
    """Keep what was refused of nobody known, with these facts."""
    return refusal.keep(
        lambda: events.record(
            action=Action.REFUSED,
            actor=where.actor,
            at=at,
            organisation_id=where.organisation_id,
            site_id=where.site_id,
            bank_id=where.bank_id,
            data={"code": refusal.code, **about},
        )
    )
