"""Everything that ever happened to one door, newest first: one statement, whatever its age."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _


class Kind(enum.StrEnum):
    """What a line is about; a page shows some of them or all."""

    USE = "use"
    OPENING = "opening"
    FAULT = "fault"
    PART = "part"
    ROUND = "round"
    ASSET = "asset"
    SERVICE = "service"


NAMES = {
    Kind.USE: _("uses"),
    Kind.OPENING: _("openings"),
    Kind.FAULT: _("faults"),
    Kind.PART: _("parts"),
    Kind.ROUND: _("cleaning and rounds"),
    Kind.ASSET: _("lock"),
    Kind.SERVICE: _("service"),
}
PAGE = 50


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last line of a page; the next page begins after it."""

    at: dt.datetime
    what: str
    ref: str

    def __str__(self) -> str:
        text = json.dumps([self.at.isoformat(), self.what, self.ref])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """Return what an address says; None for what we never wrote."""
        try:
            padded = text + "=" * (-len(text) % 4)
            at, what, ref = json.loads(base64.urlsafe_b64decode(padded.encode()))
            instant = dt.datetime.fromisoformat(at)
        except (ValueError, TypeError, binascii.Error, RecursionError):
            return None
        if instant.tzinfo is None or not isinstance(what, str) or not isinstance(ref, str):
            return None
        return cls(instant, what, ref) if "\0" not in what + ref else None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. ``what`` is a stable code within ``kind``, ``text`` its words."""

    at: dt.datetime
    kind: Kind
    what: str
    ref: str
    text: str
    person_id: int | None
    actor_kind: str
    actor_id: str
    number: int | None


# Each arm: instant, code, number of its row, text, person, who did it, a figure, and its rows.
# Every table has an index by door and time of just these rows, or few rows of one door.
_ARMS: dict[Kind, list[str]] = {
    Kind.USE: [
        """SELECT started_at AS at, 'begun' AS what, id::text AS ref, ''::text AS text,
               holder_id AS person, ''::text AS actor_kind, ''::text AS actor_id, NULL::bigint AS n
        FROM occupancy_claim WHERE compartment_id = %(door)s AND started_at IS NOT NULL""",
        """SELECT closed_at, 'ended', id::text, closed_how::text, holder_id, '', '', NULL::bigint
        FROM occupancy_claim
        WHERE compartment_id = %(door)s AND started_at IS NOT NULL AND closed_at IS NOT NULL""",
    ],
    Kind.OPENING: [
        """SELECT requested_at AS at, status::text AS what, id::text AS ref, purpose::text AS text,
               NULL::bigint AS person, actor_kind::text AS actor_kind, actor_id::text AS actor_id,
               NULL::bigint AS n
        FROM lockers_command WHERE compartment_id = %(door)s""",
        # Seen by the sensor without a command: by key, by hand or by force.
        """SELECT occurred_at, kind::text, id::text, detail::text, NULL::bigint, '', '',
               NULL::bigint
        FROM lockers_lockevent WHERE compartment_id = %(door)s
        AND kind IN ('door_opened', 'door_forced', 'door_unknown') AND command_id IS NULL""",
    ],
    Kind.FAULT: [
        """SELECT opened_at AS at, 'reported' AS what, id::text AS ref, summary::text AS text,
               NULL::bigint AS person, ''::text AS actor_kind, ''::text AS actor_id,
               id::bigint AS n
        FROM maintenance_ticket WHERE compartment_id = %(door)s""",
        """SELECT closed_at, status::text, id::text, resolution::text, NULL::bigint, '', '',
               id::bigint
        FROM maintenance_ticket WHERE compartment_id = %(door)s AND closed_at IS NOT NULL""",
    ],
    Kind.PART: [
        """SELECT m.at AS at, m.kind::text AS what, m.id::text AS ref,
               (abs(m.change) || ' × ' || p.number || ' ' || p.name)::text AS text,
               NULL::bigint AS person, m.actor_kind::text AS actor_kind,
               m.actor_id::text AS actor_id, t.id::bigint AS n
        FROM maintenance_ticket t JOIN maintenance_stockmove m ON m.ticket_id = t.id
        JOIN maintenance_stock s ON s.id = m.stock_id JOIN maintenance_part p ON p.id = s.part_id
        WHERE t.compartment_id = %(door)s""",
    ],
    Kind.ROUND: [
        """SELECT s.done_at AS at, r.kind || ':' || s.result AS what, s.id::text AS ref,
               s.note::text AS text, NULL::bigint AS person,
               CASE WHEN s.done_by IS NULL THEN '' ELSE 'staff' END AS actor_kind,
               COALESCE(s.done_by::text, '') AS actor_id, r.id::bigint AS n
        FROM maintenance_roundstop s JOIN maintenance_round r ON r.id = s.round_id
        WHERE s.compartment_id = %(door)s AND s.done_at IS NOT NULL""",
    ],
    Kind.ASSET: [
        """SELECT e.at AS at, e.kind::text AS what, e.id::text AS ref,
               (trim(m.maker || ' ' || m.name) || CASE WHEN a.serial = '' THEN '' ELSE ' ' ||
                a.serial END || CASE WHEN e.text = '' THEN '' ELSE ': ' || e.text END) AS text,
               NULL::bigint AS person, e.actor_kind::text AS actor_kind,
               e.actor_id::text AS actor_id, a.id::bigint AS n
        FROM maintenance_assetevent e JOIN maintenance_asset a ON a.id = e.asset_id
        JOIN maintenance_assetmodel m ON m.id = a.model_id
        WHERE e.compartment_id = %(door)s""",
    ],
    Kind.SERVICE: [
        # What it became. The action stands here as a word, or its index would not be known to fit.
        """SELECT occurred_at AS at, COALESCE(data ->> 'after', '') AS what, id::text AS ref,
               reason::text AS text, NULL::bigint AS person, actor_kind::text AS actor_kind,
               actor_id::text AS actor_id, NULL::bigint AS n
        FROM audit_event
        WHERE compartment_id = %(door)s AND action = 'compartment.service_changed'""",
    ],
}
_COLUMNS = "at, what, ref, text, person, actor_kind, actor_id, n"


def statement(kinds: Collection[Kind], *, is_first: bool) -> str:
    """Return the one statement of a page: each arm gives what a page can hold, no more."""
    after = "WHERE at <= %(at)s AND (at, what, ref) < (%(at)s, %(what)s, %(ref)s)"
    after = "" if is_first else after
    arms = [
        f"(SELECT '{kind}'::text AS kind, {_COLUMNS} FROM ({arm}) AS x ({_COLUMNS}) {after}"  # noqa: S608  # of our own words alone
        " ORDER BY at DESC, what DESC, ref DESC LIMIT %(rows)s)"
        for kind in Kind
        if kind in kinds
        for arm in _ARMS[kind]
    ]
    # Around them all: a single arm has an order of its own already.
    return (
        f"SELECT * FROM ({' UNION ALL '.join(arms)}) AS y"  # noqa: S608  # as above
        " ORDER BY at DESC, what DESC, ref DESC LIMIT %(rows)s"
    )


def history(
    compartment_id: int,
    *,
    kinds: Collection[Kind] = tuple(Kind),
    after: Cursor | None = None,
    size: int = PAGE,
) -> tuple[list[Line], Cursor | None]:
    """Return a page of what happened to a door, newest first, and where the next one begins."""
    named: dict[str, Any] = {"door": compartment_id, "rows": size + 1}
    if after is not None:
        named |= {"at": after.at, "what": after.what, "ref": after.ref}
    with connection.cursor() as cursor:
        cursor.execute(statement(kinds, is_first=after is None), named)
        rows = cursor.fetchall()
    lines = [
        Line(at, Kind(kind), what, ref, text or "", person, actor_kind, actor_id, number)
        for kind, at, what, ref, text, person, actor_kind, actor_id, number in rows[:size]
    ]
    more = len(rows) > size
    last = lines[-1] if lines else None
    return lines, Cursor(last.at, last.what, last.ref) if more and last is not None else None
