"""Warning people before a use ends, and of what is overdue: each once for each end.

The moment of a warning is so long before ``due_at``. One that would fall into quiet hours comes
when they are over or, when that is too late, shortly before they begin. One whose moment passed
while the server slept is sent once if it still helps; never after the end. Of several that were
missed only the last is sent: they say the same.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db import connection

from access.choices import Channel, NoticeKind
from access.models import Notice
from access.services import key_reminders, notices, telling
from access.services.telling import Quiet
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site
from occupancy.choices import WarnedTo
from occupancy.models import Claim
from occupancy.services.ending import sweeping

_JOB = Actor.job("warnings")
# Brought forward before quiet hours: so early that a job that runs every minute meets it.
BEFORE_QUIET = dt.timedelta(minutes=10)

_FACTS = """
       x.id, x.compartment_id, x.holder_id, x.started_at, x.due_at, c.number, b.id, b.name, s.id,
       s.organisation_id, s.time_zone, coalesce(h.email, ''), p.quiet_from, p.quiet_until
"""
_FROM = """
FROM occupancy_claim x
JOIN lockers_compartment c ON c.id = x.compartment_id
JOIN lockers_bank b ON b.id = c.bank_id
JOIN lockers_site s ON s.id = b.site_id
JOIN occupancy_policy p ON p.id = x.policy_id
LEFT JOIN access_person h ON h.id = x.holder_id
"""
# A day more than the warning itself: it may be brought forward before quiet hours.
_WARNINGS = f"""
SELECT {_FACTS}, w.id, w.before, w.channel, w."to", NULL::timestamptz
{_FROM}
JOIN occupancy_policywarning w ON w.policy_id = x.policy_id
LEFT JOIN occupancy_told t
       ON t.claim_id = x.id AND t.due_at = x.due_at AND t.warning_id = w.id
WHERE x.closed_at IS NULL AND x.kind = 'assignment' AND x.recovery_at IS NULL
  AND x.ends_at > %(at)s AND x.due_at > %(at)s
  AND x.due_at - w.before <= %(at)s + interval '1 day' AND t.id IS NULL
ORDER BY x.due_at, x.id, w.channel, w."to", w.before DESC
"""
_OVERDUE = f"""
SELECT {_FACTS}, NULL::bigint, interval '0', 'email', 'holder', x.ends_at + p.recovers_after
{_FROM}
LEFT JOIN occupancy_told t
       ON t.claim_id = x.id AND t.due_at = x.due_at AND t.warning_id IS NULL
WHERE x.closed_at IS NULL AND x.kind = 'assignment' AND x.recovery_at IS NULL
  AND x.at_end = 'hold' AND x.ends_at <= %(at)s AND x.due_at IS NOT NULL AND t.id IS NULL
ORDER BY x.ends_at, x.id
"""
_TOLD = """
INSERT INTO occupancy_told (claim_id, warning_id, due_at, told_at, is_sent)
SELECT x.id, %s, x.due_at, %s, %s FROM occupancy_claim x
WHERE x.id = %s AND x.closed_at IS NULL AND x.due_at = %s
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Row:
    claim_id: int
    compartment_id: int
    holder_id: int | None
    started_at: dt.datetime
    due_at: dt.datetime
    number: str
    bank_id: int
    bank: str
    site_id: int
    organisation_id: int
    time_zone: str
    email: str
    quiet_from: dt.time | None
    quiet_until: dt.time | None
    warning_id: int | None
    before: dt.timedelta
    channel: str
    to: str
    recovery_at: dt.datetime | None


class _Sites:
    """What is read once for a site: its quiet hours, its desk, its other channel."""

    def __init__(self, at: dt.datetime) -> None:
        self._at = at
        self._quiet: dict[int, Quiet | None] = {}
        self._desks: dict[int, list[str]] = {}
        self._channels: dict[int, bool] = {}

    def quiet(self, row: _Row) -> Quiet | None:
        """Return the quiet hours of the policy, or of the site or organisation."""
        if row.quiet_from is not None and row.quiet_until is not None:
            return row.quiet_from, row.quiet_until
        if row.site_id not in self._quiet:
            self._quiet[row.site_id] = telling.quiet_hours(row.organisation_id, row.site_id)
        return self._quiet[row.site_id]

    def desk(self, site_id: int) -> list[str]:
        """Return the addresses of who is at the desk of a site."""
        if site_id not in self._desks:
            self._desks[site_id] = key_reminders.desk_of(Site.objects.get(pk=site_id), self._at)
        return self._desks[site_id]

    def has_channel(self, row: _Row) -> bool:
        """Say whether there is a channel besides e-mail."""
        if row.site_id not in self._channels:
            self._channels[row.site_id] = telling.has_channel(row.organisation_id, row.site_id)
        return self._channels[row.site_id]


def moment(
    before: dt.timedelta, due_at: dt.datetime, zone: zoneinfo.ZoneInfo, quiet: Quiet | None
) -> dt.datetime:
    """Return when a warning is to be sent. Pure."""
    planned = due_at - before
    around = telling.quiet_around(planned, zone, quiet)
    if around is None:
        return planned
    begins, ends = around
    return ends if ends < due_at else begins - BEFORE_QUIET


def warn_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Write the warnings whose moment has come; return how many letters."""
    sites = _Sites(at)

    def key(row: _Row) -> tuple[int, str, str]:
        return row.claim_id, row.channel, row.to

    now = [row for row in _read(_WARNINGS, at) if _is_now(row, sites, at)]
    groups = [list(rows) for _key, rows in groupby(now, key)]
    written = sweeping.each(
        groups, lambda rows: _warn(rows, sites, at), lambda rows: f"claim:{rows[0].claim_id}", aside
    )
    if written:
        notices.hurry()
    return written


def tell_overdue(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Tell holders and desks once what was not given back; return how many letters."""
    sites = _Sites(at)
    written = sweeping.each(
        _read(_OVERDUE, at), lambda row: _overdue(row, sites, at),
        lambda row: f"claim:{row.claim_id}", aside,
    )  # fmt: skip
    if written:
        notices.hurry()
    return written


def is_still_of_use(notice: Notice, at: dt.datetime) -> bool:
    """Say, right before a letter goes, whether its claim is still had until the same end."""
    claim = Claim.objects.filter(pk=int(notice.subject.partition(":")[2])).first()
    if claim is None or claim.closed_at is not None or claim.recovery_at is not None:
        return False
    return claim.due_at is not None and notice.facts["due"] == claim.due_at.timestamp()


def _read(statement: str, at: dt.datetime) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": at})
        return [_Row(*row) for row in cursor.fetchall()]


def is_now(
    before: dt.timedelta,
    started_at: dt.datetime,
    due_at: dt.datetime,
    zone: zoneinfo.ZoneInfo,
    quiet: Quiet | None,
    at: dt.datetime,
) -> bool:
    """Say whether the moment of a warning has come, and still helps. Pure."""
    when = moment(before, due_at, zone, quiet)
    # Before it began there was nobody to warn; in quiet hours a late one waits for their end.
    return started_at < when <= at and telling.quiet_around(at, zone, quiet) is None


def _is_now(row: _Row, sites: _Sites, at: dt.datetime) -> bool:
    zone = zoneinfo.ZoneInfo(row.time_zone)
    return is_now(row.before, row.started_at, row.due_at, zone, sites.quiet(row), at)


def _warn(rows: list[_Row], sites: _Sites, at: dt.datetime) -> int:
    """Write the last of one claim's warnings that say the same, and leave the others out."""
    *missed, last = rows
    addresses = _addresses(last, sites)
    for row in missed:
        _once(row, at, is_sent=False)
    if not _once(last, at, is_sent=bool(addresses)):
        return 0
    return _write(last, NoticeKind.CLAIM_ENDS, addresses, at, useful_until=last.due_at)


def _overdue(row: _Row, sites: _Sites, at: dt.datetime) -> int:
    addresses = {*sites.desk(row.site_id), row.email.lower()} - {""}
    if not _once(row, at, is_sent=bool(addresses)):
        return 0
    zone = zoneinfo.ZoneInfo(row.time_zone)
    loud = telling.loud_at(at, zone, sites.quiet(row))
    return _write(row, NoticeKind.CLAIM_OVERDUE, addresses, at, not_before=loud)


def _addresses(row: _Row, sites: _Sites) -> Iterable[str]:
    if row.channel == Channel.OTHER:
        return [row.email if row.to == WarnedTo.HOLDER else ""] if sites.has_channel(row) else []
    if row.to == WarnedTo.STAFF:
        return sites.desk(row.site_id)
    return [row.email] if row.email else []


def _once(row: _Row, at: dt.datetime, *, is_sent: bool) -> bool:
    """Note that this claim is told of this end; False when it was, or is no more."""
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, (row.warning_id, at, is_sent, row.claim_id, row.due_at))
        return bool(cursor.rowcount)


def _write(
    row: _Row,
    kind: NoticeKind,
    addresses: Iterable[str],
    at: dt.datetime,
    *,
    useful_until: dt.datetime | None = None,
    not_before: dt.datetime | None = None,
) -> int:
    facts = {"door": row.number, "bank": row.bank, "due_at": row.due_at,
             "due": row.due_at.timestamp(), "recovery_at": row.recovery_at}  # fmt: skip
    written = 0
    for address in sorted(addresses):
        notices.tell(
            notices.Word(
                kind=kind, site_id=row.site_id, subject=f"claim:{row.claim_id}", facts=facts,
                to=address, channel=Channel(row.channel), person_id=row.holder_id,
                not_before=not_before, useful_until=useful_until,
            ),
            at=at, hurry=False,
        )  # fmt: skip
        written += 1
    if written:
        events.record(
            action=Action.WARNED, actor=_JOB, at=at, organisation_id=row.organisation_id,
            site_id=row.site_id, bank_id=row.bank_id, compartment_id=row.compartment_id,
            person_id=row.holder_id,
            data={"claim": row.claim_id, "about": kind.value, "due_at": row.due_at, "to": row.to},
        )  # fmt: skip
    return written
