"""The only way an event gets into the trail."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from audit.actions import Action
from audit.models import ActorKind


@dataclass(frozen=True)
class Actor:
    """Who did it: a kind and the number it has in its own table."""

    kind: ActorKind
    id: str = ""

    @classmethod
    def person(cls, person_id: int) -> Actor:
        return cls(ActorKind.PERSON, str(person_id))

    @classmethod
    def staff(cls, user_id: int) -> Actor:
        return cls(ActorKind.STAFF, str(user_id))

    @classmethod
    def terminal(cls, terminal_id: int) -> Actor:
        return cls(ActorKind.TERMINAL, str(terminal_id))

    @classmethod
    def bridge(cls, bridge_id: int) -> Actor:
        return cls(ActorKind.BRIDGE, str(bridge_id))

    @classmethod
    def job(cls, name: str) -> Actor:
        return cls(ActorKind.JOB, name)

    @classmethod
    def anonymous(cls) -> Actor:
        return cls(ActorKind.ANONYMOUS)


_COLUMNS = (
    "occurred_at", "action", "actor_kind", "actor_id", "organisation_id", "site_id", "bank_id",
    "compartment_id", "person_id", "subject", "reason", "data",
)  # fmt: skip
# A plain insert: claims per second depend on it (the ORM's create costs four times as much).
_INSERT = """
INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                         bank_id, compartment_id, person_id, subject, reason, data)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# As one text: thousands of rows of parameters cost more than the rows themselves.
_INSERT_MANY = """
INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                         bank_id, compartment_id, person_id, subject, reason, data)
SELECT one.* FROM jsonb_to_recordset(%s) one(
    occurred_at timestamptz, action text, actor_kind text, actor_id text, organisation_id bigint,
    site_id bigint, bank_id bigint, compartment_id bigint, person_id bigint, subject text,
    reason text, data jsonb)
"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One event that is about to be written; ``at`` is when it happened."""

    action: Action
    actor: Actor
    at: dt.datetime
    organisation_id: int | None = None
    site_id: int | None = None
    bank_id: int | None = None
    compartment_id: int | None = None
    person_id: int | None = None
    subject: str = ""
    reason: str = ""
    data: dict[str, Any] | None = None

    def values(self) -> tuple[Any, ...]:
        """Return the row in the order of ``_COLUMNS``."""
        return (
            # As text: the encoder of JSON rounds to milliseconds.
            self.at.isoformat(),
            self.action.value,
            self.actor.kind.value,
            self.actor.id[:40],
            self.organisation_id,
            self.site_id,
            self.bank_id,
            self.compartment_id,
            self.person_id,
            self.subject[:80],
            self.reason[:300],
            self.data or {},
        )


def record_many(lines: Iterable[Line]) -> None:
    """Append events of one transaction together, in their order: one statement for thousands."""
    rows = [dict(zip(_COLUMNS, line.values(), strict=True)) for line in lines]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_MANY, [json.dumps(rows, cls=DjangoJSONEncoder)])


def record(
    *,
    action: Action,
    actor: Actor,
    at: dt.datetime,
    organisation_id: int | None = None,
    site_id: int | None = None,
    bank_id: int | None = None,
    compartment_id: int | None = None,
    person_id: int | None = None,
    subject: str = "",
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """Append one event, in the transaction of what it tells; ``at`` is when it happened."""
    line = Line(
        action=action,
        actor=actor,
        at=at,
        organisation_id=organisation_id,
        site_id=site_id,
        bank_id=bank_id,
        compartment_id=compartment_id,
        person_id=person_id,
        subject=subject,
        reason=reason,
        data=data,
    )
    *facts, more = line.values()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*facts, json.dumps(more, cls=DjangoJSONEncoder)])
