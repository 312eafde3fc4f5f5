"""What somebody is offered at a terminal: which doors under the policies, or why none."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import Counter
from typing import Any

from django.utils.translation import gettext as _

from audit.errors import Refusal
from kiosk import untils
from kiosk.authentication import Here
from lockers.models import Size
from occupancy import refusals
from occupancy.allocation.engine import Failing, Plan
from occupancy.services.claims import claiming
from occupancy.services.claims.claiming import Wanted


def choices(
    here: Here, person_id: int, at: dt.datetime, credential: str | None = None
) -> dict[str, Any]:
    """Return what somebody may choose here: how many more doors, which, and how many by size.

    ``why_not`` says why there is nothing to choose, by all rules that failed.
    """
    try:
        plan = claiming.look(
            person_id=person_id, bank_id=here.bank_id, wanted=Wanted(), at=at,
            credential=credential,
        )  # fmt: skip
    except Refusal:
        # Told when they try: what there is can still be looked at.
        return {
            "left": 0, "any": 0, "sizes": [], "doors": None, "picks": False, "why_not": None,
            "waits": False, "until": "",
        }  # fmt: skip
    until = _untils(here, plan, at)
    left = [choice.offer.left for choice in plan.choices]
    by_size = Counter(choice.door.size_id for choice in plan.choices)
    names = Size.objects.filter(organisation=here.organisation_id).values_list("pk", "name")
    return {
        # Without a limit there is always room for one more.
        "left": max((1 if one is None else one for one in left), default=0),
        "any": len(plan.choices),
        "sizes": [
            {"id": size_id, "name": name, "free": by_size[size_id], "until": until[size_id]}
            for size_id, name in names.order_by("rank")
            if by_size[size_id]
        ],
        "doors": [choice.door.id for choice in plan.choices],
        # Where people pick their own door, the screen begins with the drawing.
        "picks": bool(plan.choices) and plan.choices[0].offer.rules.meaning.is_own_choice,
        "waits": True,
        # Until when any of them would be theirs: of the one that they would get.
        "until": until[plan.choices[0].door.size_id] if plan.choices else "",
        "why_not": None if plan.choices else why_not(plan),
    }


def _untils(here: Here, plan: Plan, at: dt.datetime) -> dict[int, str]:
    """Return by size until when its first door would be somebody's."""
    zone = zoneinfo.ZoneInfo(here.time_zone)
    told: dict[int, str] = {}
    for choice in plan.choices:
        if choice.door.size_id not in told:
            offer = choice.offer
            told[choice.door.size_id] = untils.offered(
                offer.rules.model, offer.term.due_at, zone, at
            )
    return told


def why_not(plan: Plan) -> dict[str, Any]:
    """Return every rule that failed: the first as the sentence, the others briefly."""
    refusal = refusals.of(plan.failed)
    told = {**refusal.body(), "also": also(refusal)}
    if refusal.code == Failing.NO_COMPARTMENT_AVAILABLE.value:
        # Nobody asked for a kind yet: it is all of them.
        told["message"] = _("Every locker here is taken. Wait for one, or go to another bank.")
    return told


def also(refusal: Refusal) -> list[str]:
    """Return the other rules that failed, in words, each once."""
    return also_of(refusal.code, refusal.facts.get("failed"))


def also_of(told: str, failed: object) -> list[str]:
    """Return the rules that failed besides the one with the code that was told."""
    if not isinstance(failed, list):
        return []
    said = _said()
    codes = dict.fromkeys(str(one.get("rule")) for one in failed)
    return [said[code] for code in codes if code != told and code in said]


def because(reason: str) -> str:
    """Return why it was this door, in one quiet sentence."""
    return _reasons().get(reason, "")


def _said() -> dict[str, str]:
    return {
        Failing.LIMIT_REACHED.value: _("You have as many lockers as you may."),
        Failing.SIZE_NOT_ALLOWED.value: _("Other sizes are not for you here."),
        Failing.CREDENTIAL_NOT_ENOUGH.value: _("Some ask for your badge."),
        Failing.NO_COMPARTMENT_AVAILABLE.value: _("The others are taken."),
        Failing.NOT_WALK_UP.value: _("Some are booked ahead or given by staff."),
        Failing.NOT_FOR_YOU.value: _("Some are kept for others."),
    }


def _reasons() -> dict[str, str]:
    return {
        "another": _("The one before did not open."),
        "offered": _("You waited for it, and it was kept for you."),
        "moved": _("The one you booked is still in use; this one is like it."),
        "chosen": _("You chose it yourself."),
        "size": _("It is the first free one of the size you chose."),
        "first": _("It is the first free one, counted from the left."),
        "needs": _("It suits what you need; low doors are kept for those who need them."),
        "smallest": _("It is the smallest that is free. Larger ones are left for larger things."),
        "near": _("It is the nearest to where you want to be."),
        "usual": _("It is the one you usually have."),
        "least_used": _("It was used least of late, so that all doors last."),
    }
