"""When a planned end comes: queries treat it as ended at that instant, this tidies up."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from django.db import connection

from access.choices import NoticeKind
from access.services import grants, notices, telling
from access.services.telling import Quiet
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.services.ending import sweeping
from occupancy.services.queue import offering
from occupancy.services.queue.offering import Queue

_JOB = Actor.job("expiry")
# That it was released is of no use to its holder much later.
_NEWS_FOR = dt.timedelta(days=2)

# Everything a row needs, read once for all of them, in the order in which they ended.
_DUE = """
SELECT x.id, x.compartment_id, x.holder_id, x.ends_at, c.number, b.id, b.name, s.id,
       s.organisation_id, s.time_zone, coalesce(h.email, ''), p.quiet_from, p.quiet_until,
       coalesce(b.area_id, 0), c.size_id
FROM occupancy_claim x
JOIN lockers_compartment c ON c.id = x.compartment_id
JOIN lockers_bank b ON b.id = c.bank_id
JOIN lockers_site s ON s.id = b.site_id
LEFT JOIN access_person h ON h.id = x.holder_id
LEFT JOIN occupancy_policy p ON p.id = x.policy_id
WHERE x.closed_at IS NULL AND x.ends_at <= %(at)s AND x.at_end = 'release'
  AND x.kind = 'assignment' AND (%(bank)s::bigint IS NULL OR b.id = %(bank)s)
  AND (%(holder)s::bigint IS NULL OR x.holder_id = %(holder)s)
ORDER BY x.ends_at, x.id
"""
# Compare-and-set: what was finished, renewed or taken into recovery meanwhile is left alone.
_CLOSE = """
UPDATE occupancy_claim SET closed_at = ends_at, closed_how = 'expired'
WHERE id = %s AND closed_at IS NULL AND ends_at = %s AND at_end = 'release'
"""


@dataclass(frozen=True, slots=True)
class _Due:
    claim_id: int
    compartment_id: int
    holder_id: int | None
    ends_at: dt.datetime
    number: str
    bank_id: int
    bank: str
    site_id: int
    organisation_id: int
    time_zone: str
    email: str
    quiet_from: dt.time | None
    quiet_until: dt.time | None
    area_id: int
    size_id: int


def expire_due(
    *,
    at: dt.datetime,
    bank_id: int | None = None,
    holder_id: int | None = None,
    aside: list[str] | None = None,
) -> int:
    """Close assignments whose end has come and that go back by themselves; return how many.

    Each is one compare-and-set with its audit event and its letter, dated at the planned end, so
    that running late, twice or after a day off gives the same result. A bad row is named in
    ``aside``.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"at": at, "bank": bank_id, "holder": holder_id})
        due = [_Due(*row) for row in cursor.fetchall()]
    if not due:
        return 0
    quiet: dict[int, Quiet | None] = {}
    waited_for = set(offering.queues())

    def expire(one: _Due) -> int:
        if one.email and one.site_id not in quiet:
            quiet[one.site_id] = telling.quiet_hours(one.organisation_id, one.site_id)
        expired = _expire(one, quiet.get(one.site_id), at)
        queue = Queue(one.site_id, one.area_id, one.size_id)
        if expired and queue in waited_for:
            offering.offer_in(queue, at)
        return expired

    done = sweeping.each(due, expire, lambda one: f"claim:{one.claim_id}", aside)
    if done:
        notices.hurry()
    return done


def _expire(one: _Due, quiet: Quiet | None, at: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, (one.claim_id, one.ends_at))
        if not cursor.rowcount:
            return 0
    grants.revoke(claim_id=one.claim_id, at=one.ends_at)
    events.record(
        action=Action.EXPIRED,
        actor=_JOB,
        at=one.ends_at,
        organisation_id=one.organisation_id,
        site_id=one.site_id,
        bank_id=one.bank_id,
        compartment_id=one.compartment_id,
        person_id=one.holder_id,
        data={"claim": one.claim_id},
    )
    if one.email and at < one.ends_at + _NEWS_FOR:
        if one.quiet_from is not None and one.quiet_until is not None:
            quiet = one.quiet_from, one.quiet_until
        notices.tell(
            notices.Word(
                kind=NoticeKind.CLAIM_ENDED,
                site_id=one.site_id,
                subject=f"claim:{one.claim_id}",
                to=one.email,
                person_id=one.holder_id,
                facts={"door": one.number, "bank": one.bank, "ended_at": one.ends_at},
                not_before=telling.loud_at(at, zoneinfo.ZoneInfo(one.time_zone), quiet),
                useful_until=one.ends_at + _NEWS_FOR,
            ),
            at=at,
            hurry=False,
        )
    return 1
