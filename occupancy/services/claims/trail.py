"""What the services of running assignments share: the row, its events, and word to people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from access.choices import NoticeKind
from access.errors.decisions import NotAllowed
from access.models import Person
from access.services import notices
from access.services.notices import Word
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from occupancy.errors.claims import NotTheHolder
from occupancy.models import Assignment


def get(claim_id: int) -> Assignment:
    """Return an assignment with its door and policy. Raises NotTheHolder when there is none."""
    try:
        return Assignment.objects.select_related("compartment__bank__site", "holder", "policy").get(
            pk=claim_id
        )
    except Assignment.DoesNotExist as error:
        raise NotTheHolder from error


def record(
    action: Action,
    assignment: Assignment,
    actor: Actor,
    at: dt.datetime,
    *,
    reason: str = "",
    person_id: int | None = None,
    **data: Any,
) -> None:
    """Append an event about an assignment; about its holder unless somebody else is named."""
    bank = assignment.compartment.bank
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=assignment.compartment_id,
        person_id=person_id if person_id is not None else assignment.holder_id,
        reason=reason,
        data={"claim": assignment.pk, **data},
    )


def refused(
    refusal: Refusal,
    assignment: Assignment,
    actor: Actor,
    at: dt.datetime,
    *,
    person_id: int | None = None,
    wanted: str,
    **data: Any,
) -> Refusal:
    """Return the refusal with an event of it that stays when the request is rolled back."""
    told = {"code": refusal.code, "wanted": wanted, **data}
    if isinstance(refusal, NotAllowed):
        told["decision"] = refusal.decision.log()
    if "failed" in refusal.facts:
        told["failed"] = refusal.facts["failed"]
    return refusal.keep(
        lambda: record(Action.REFUSED, assignment, actor, at, person_id=person_id, **told)
    )


def tell(person: Person | None, what: str, assignment: Assignment, at: dt.datetime,
         **facts: Any) -> None:  # fmt: skip
    """Write to somebody what changed about a door, if they have an address.

    ``what`` names the paragraph in templates/emails/claim_news_*.
    """
    if person is None or not person.email:
        return
    bank = assignment.compartment.bank
    notices.tell(
        Word(
            kind=NoticeKind.CLAIM_NEWS,
            site_id=bank.site_id,
            subject=f"claim:{assignment.pk}",
            to=person.email,
            person_id=person.pk,
            facts={
                "what": what,
                "number": assignment.compartment.number,
                "bank": bank.name,
                "directions": bank.directions,
                "until": assignment.due_at,
                **facts,
            },
        ),
        at=at,
    )
