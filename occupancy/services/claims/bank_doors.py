"""The doors of a bank as they stand, in one statement: free or not, until when, and how used."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from lockers.choices import CommandStatus
from occupancy.allocation.ranking import Door
from occupancy.choices import Need
from occupancy.services.claims.situations import Situation
from occupancy.services.policies.spots import Spot

# A door that did not open a moment ago is the last to be offered.
DOUBTFUL_FOR = dt.timedelta(minutes=10)
DOUBTFUL = (CommandStatus.FAILED, CommandStatus.UNKNOWN)

# Sub-selects that stay so (LIMIT): each door is a few probes of small indexes. As joins the plan is
# kept from when the tables were small, and costs seconds when they have grown.
_NOBODY_HOLDS = """
    (SELECT x.id FROM occupancy_claim x
     WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NOT NULL
     LIMIT 1) IS NULL
    AND c.service_status = 'in_service'
"""
_IS_SHUT = """
    (%(door)s::bigint IS NOT NULL OR (SELECT d.state FROM lockers_door d
         WHERE d.compartment_id = c.id) IS DISTINCT FROM 'open')
"""
_BOARD = "(SELECT k.state FROM lockers_controller k WHERE k.id = c.controller_id)"
# Whoever takes a door stands in front of it: it has to open now.
NOBODY_HAS_IT = f"{_NOBODY_HOLDS} AND {_BOARD} <> 'offline' AND {_IS_SHUT}"
# By the clock: what went back at its end does not wait for a job.
_NOBODY_HOLDS_NOW = """
    (SELECT x.id FROM occupancy_claim x
     WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NOT NULL
       AND (x.ends_at IS NULL OR x.ends_at > %(at)s OR x.at_end <> 'release')
     LIMIT 1) IS NULL
    AND c.service_status = 'in_service'
"""
IS_TO_BE_HAD = f"{_NOBODY_HOLDS_NOW} AND {_BOARD} <> 'offline' AND {_IS_SHUT}"
# Over by the clock, and not written down yet: the constraints would still refuse the door.
_IS_UNTIDY = """
    (SELECT x.id FROM occupancy_claim x
     WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NOT NULL
       AND x.ends_at <= %(at)s AND x.at_end = 'release' LIMIT 1) IS NOT NULL
    OR (SELECT x.id FROM occupancy_claim x
        WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NULL
          AND x.lapses_at <= %(at)s LIMIT 1) IS NOT NULL
"""
# What staff give opens later, or by a key or combination; the door that they name need not even
# be reached at the moment. Only an electronic lock on no board would never open.
_CAN_BE_GIVEN = f"""{_NOBODY_HOLDS} AND {_IS_SHUT}
    AND (c.lock_kind <> 'electronic' OR {_BOARD} <> 'offline'
         OR %(door)s::bigint IS NOT NULL AND c.controller_id IS NOT NULL)
"""
_DOORS = """
SELECT c.id, c.number, c.size_id, z.rank, c.is_accessible, c.is_wide, c.has_charging,
       {free},
       (SELECT min(x.starts_at) FROM occupancy_claim x
        WHERE x.compartment_id = c.id AND x.closed_at IS NULL AND x.started_at IS NULL
          AND (x.ends_at IS NULL OR x.ends_at > %(at)s)
          AND x.id IS DISTINCT FROM %(besides)s::bigint {planned}),
       coalesce((SELECT m.status FROM lockers_command m
        WHERE m.compartment_id = c.id AND m.requested_at > %(doubtful_since)s
        ORDER BY m.requested_at DESC LIMIT 1), '') = ANY(%(doubtful)s),
       coalesce((SELECT u.uses FROM occupancy_dooruse u WHERE u.compartment_id = c.id), 0),
       {untidy}
FROM lockers_compartment c
JOIN lockers_size z ON z.id = c.size_id
WHERE c.bank_id = %(bank)s AND (%(door)s::bigint IS NULL OR c.id = %(door)s)
"""
_TO_TAKE = _DOORS.format(
    free=IS_TO_BE_HAD, untidy=_IS_UNTIDY,
    planned="AND (x.lapses_at IS NULL OR x.lapses_at > %(at)s)",
)  # fmt: skip
_TO_GIVE = _DOORS.format(free=_CAN_BE_GIVEN, untidy="false", planned="")


def of_bank(
    situation: Situation | Spot,
    at: dt.datetime,
    door_id: int | None = None,
    *,
    is_given: bool = False,
    besides: int | None = None,
) -> list[Door]:
    """Return the bank's doors as they stand by the clock, or that very one.

    ``is_given``: by staff, from afar, and as they are written down. ``besides`` is a claim that
    keeps its door from others alone.
    """
    groups = situation.rulebook.groups
    with connection.cursor() as cursor:
        cursor.execute(
            _TO_GIVE if is_given else _TO_TAKE,
            {
                "bank": situation.bank_id,
                "door": door_id,
                "at": at,
                "besides": besides,
                "doubtful_since": at - DOUBTFUL_FOR,
                "doubtful": [end.value for end in DOUBTFUL],
            },
        )
        return [
            Door(
                id=row[0],
                number=row[1],
                size_id=row[2],
                size_rank=row[3],
                offers=features(row[4], row[5], row[6], situation.is_near_entrance),
                areas=tuple(situation.areas),
                groups=groups.get(row[0], frozenset()),
                is_free=bool(row[7]),
                free_until=row[8],
                is_doubtful=row[9],
                uses=row[10],
                is_untidy=row[11],
            )
            for row in cursor.fetchall()
        ]


def features(low: bool, wide: bool, charging: bool, entrance: bool) -> frozenset[str]:
    has = (
        (Need.LOW_DOOR, low),
        (Need.WIDE_DOOR, wide),
        (Need.CHARGING, charging),
        (Need.NEAR_ENTRANCE, entrance),
    )
    return frozenset(need.value for need, is_there in has if is_there)


def usual_door(person_id: int, bank_id: int) -> int | None:
    """Return the door of a bank that somebody had most often of late."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mode() WITHIN GROUP (ORDER BY late.compartment_id) FROM ("
            " SELECT x.compartment_id FROM occupancy_claim x"
            " WHERE x.holder_id = %s AND x.started_at IS NOT NULL ORDER BY x.id DESC LIMIT 10) late"
            " JOIN lockers_compartment c ON c.id = late.compartment_id AND c.bank_id = %s",
            (person_id, bank_id),
        )
        row = cursor.fetchone()
    return row[0] if row else None
