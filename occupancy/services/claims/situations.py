"""What is true for a person at a bank when they ask for a door: one statement reads it all."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Q

from access.decisions import Facts
from lockers import presence
from lockers.errors import BankDecidesAlone, BridgeOffline
from occupancy.allocation.policy import Place, Who
from occupancy.choices import AtEnd, Need
from occupancy.errors.claims import NoSuchCompartment
from occupancy.models import Quota
from occupancy.services.policies import rulebooks
from occupancy.services.policies.rulebooks import Rulebook


@dataclass(frozen=True)
class Situation:
    """What is true for this person at this bank when they ask."""

    organisation_id: int
    site_id: int
    bank_id: int
    person_id: int
    time_zone: str
    # One whose last day is over then has left, though nobody has written that down yet.
    person_status: str
    person_kind: str
    department_id: int | None
    role_id: int | None
    groups: list[int]
    is_held: bool
    needs_access: bool
    access_from: dt.datetime | None
    access_until: dt.datetime | None
    # The midnight that ends their last day, where they are at home.
    leaves_at: dt.datetime | None
    curfew_from: dt.time | None
    curfew_until: dt.time | None
    needs_low_door: bool
    needs_wide_door: bool
    needs_charging: bool
    needs_near_entrance: bool
    is_reached: bool
    # Its bridge may give the doors when it is cut off; then it must have every claim.
    is_leased: bool
    may_give: bool
    is_near_entrance: bool
    areas: list[int]
    policies_version: int
    limited_by: list[int]
    slots: list[int]
    stale: int
    is_waited_for: bool

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The site's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def who(self) -> Who:
        """The person, as policies ask."""
        return Who(
            self.person_id,
            self.person_kind,
            self.department_id,
            frozenset(self.groups),
            frozenset() if self.role_id is None else frozenset({self.role_id}),
            self.needs,
        )

    @property
    def needs(self) -> frozenset[str]:
        """What the person needs of a door."""
        has = (
            (Need.LOW_DOOR, self.needs_low_door),
            (Need.WIDE_DOOR, self.needs_wide_door),
            (Need.CHARGING, self.needs_charging),
            (Need.NEAR_ENTRANCE, self.needs_near_entrance),
        )
        return frozenset(need.value for need, is_needed in has if is_needed)

    @property
    def cut_off(self) -> BridgeOffline | None:
        """Why nobody gets a door there now; None when it is reached."""
        if not self.may_give:
            return BankDecidesAlone()
        return None if self.is_reached else BridgeOffline()

    @property
    def list_area(self) -> int | None:
        """The area whose waiting lists are those of this bank; None where it is in no area."""
        return self.areas[-1] if self.areas else None

    @property
    def place(self) -> Place:
        """The bank, as policies are attached."""
        return Place(self.organisation_id, self.site_id, self.bank_id, tuple(self.areas))

    @property
    def held(self) -> dict[int, list[int]]:
        """The numbers of the person's open uses by policy."""
        held: dict[int, list[int]] = {}
        for policy_id, slot in zip(self.limited_by, self.slots, strict=True):
            held.setdefault(policy_id, []).append(slot)
        return held

    @property
    def rulebook(self) -> Rulebook:
        """What the organisation's policies say now."""
        return rulebooks.of(self.organisation_id, self.policies_version)

    def facts(self) -> Facts:
        """Return what the decision asks before anybody gets a door."""
        curfew = None
        if self.curfew_from is not None and self.curfew_until is not None:
            curfew = self.curfew_from, self.curfew_until
        return Facts(
            person_status=self.person_status,
            is_held=self.is_held,
            needs_access=self.needs_access,
            access_from=self.access_from,
            access_until=self.access_until,
            curfew=curfew,
            time_zone=self.time_zone,
        )


_READ = """
SELECT s.organisation_id, s.id, b.id, p.id, s.time_zone,
       CASE WHEN gone.leaves_at <= %(at)s THEN 'left' ELSE p.status END, p.kind, p.department_id,
       p.role_id,
       coalesce((SELECT array_agg(g.group_id) FROM access_person_groups g
         WHERE g.person_id = p.id), '{}'),
       EXISTS (SELECT FROM access_hold h WHERE h.person_id = p.id AND h.lifted_at IS NULL
         AND h.starts_at <= %(at)s AND (h.ends_at IS NULL OR h.ends_at > %(at)s)),
       p.kind IN ('visitor', 'contractor'), given.starts_at, given.ends_at, gone.leaves_at,
       b.curfew_from, b.curfew_until, p.needs_low_door,
       p.needs_wide_door, p.needs_charging, p.needs_near_entrance,
       coalesce(bp.connection IS NOT NULL AND bp.last_seen_at > %(silent_since)s, false),
       coalesce(b.id = ANY(au.banks), false),
       lockers_may_give(b.id),
       b.is_near_entrance, coalesce(up.ids, '{}'), coalesce(v.version, 0),
       used.policies, used.slots, used.stale,
       EXISTS (SELECT FROM occupancy_waitingentry w WHERE w.closed_at IS NULL
         AND w.site_id = b.site_id AND w.area_id IS NOT DISTINCT FROM b.area_id)
FROM lockers_bank b
JOIN lockers_site s ON s.id = b.site_id
JOIN access_person p ON p.id = %(person)s AND p.organisation_id = s.organisation_id
LEFT JOIN lockers_site home ON home.id = p.home_site_id
CROSS JOIN LATERAL (
    SELECT (p.leaves_on + 1)::timestamp AT TIME ZONE coalesce(home.time_zone, 'UTC') AS leaves_at
    ) gone
LEFT JOIN occupancy_policyversion v ON v.organisation_id = s.organisation_id
LEFT JOIN LATERAL (
    SELECT t.starts_at, t.ends_at FROM access_temporaryaccess t
    WHERE p.kind IN ('visitor', 'contractor') AND t.person_id = p.id AND t.site_id = s.id
      AND (t.bank_id IS NULL OR t.bank_id = b.id) AND t.revoked_at IS NULL
    ORDER BY t.starts_at <= %(at)s AND t.ends_at > %(at)s DESC, t.ends_at DESC
    LIMIT 1) given ON true
LEFT JOIN lockers_bridgepresence bp ON bp.bridge_id = b.bridge_id
LEFT JOIN lockers_authority au ON au.bridge_id = b.bridge_id
LEFT JOIN LATERAL (
    WITH RECURSIVE up AS (
        SELECT a.id, a.parent_id, 0 AS far FROM lockers_area a WHERE a.id = b.area_id
        UNION ALL
        SELECT a.id, a.parent_id, up.far + 1 FROM lockers_area a JOIN up ON a.id = up.parent_id)
    SELECT array_agg(up.id ORDER BY up.far DESC) AS ids FROM up) up ON true
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(q.policy_id), '{}') AS policies,
           coalesce(array_agg(q.slot), '{}') AS slots,
           count(*) FILTER (WHERE x.ends_at <= %(now)s AND x.at_end = 'release'
             OR x.lapses_at <= %(now)s) AS stale
    FROM occupancy_quota q JOIN occupancy_claim x ON x.id = q.claim_id
    WHERE q.holder_id = p.id AND q.is_open AND q.is_booking = %(booking)s) used
WHERE b.id = %(bank)s
"""


def read(
    person_id: int, bank_id: int, at: dt.datetime, *, booking_at: dt.datetime | None = None
) -> Situation:
    """Read it in one statement; raises NoSuchCompartment where there is no such bank or person.

    For a window to come ``at`` is when it begins, ``booking_at`` when it is booked: then it is the
    person's bookings that are counted, not their uses.
    """
    from_presence = at - presence.SILENT_AFTER
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {
                "person": person_id,
                "bank": bank_id,
                "at": at,
                "silent_since": from_presence,
                "now": booking_at or at,
                "booking": booking_at is not None,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise NoSuchCompartment
    return Situation(*row)


def by_clock(situation: Situation, at: dt.datetime, *, is_booking: bool = False) -> Situation:
    """Return it without the numbers of uses or bookings that are over and not written down yet."""
    if not situation.stale:
        return situation
    over = Q(claim__ends_at__lte=at, claim__at_end=AtEnd.RELEASE) | Q(claim__lapses_at__lte=at)
    going_on = list(
        Quota.objects.filter(holder=situation.person_id, is_open=True, is_booking=is_booking)
        .exclude(over)
        .values_list("policy", "slot")
    )
    return replace(
        situation, stale=0, limited_by=[policy_id for policy_id, _slot in going_on],
        slots=[slot for _policy_id, slot in going_on],
    )  # fmt: skip
