"""Why a door is closed: the claim says from when to when, the trail says why."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.actions import Action
from audit.models import Event
from occupancy.choices import ClaimKind
from occupancy.models import Claim


@dataclass(frozen=True)
class Closing:
    """A closure in words: of which door, for what, until when (None: until it is lifted)."""

    claim_id: int
    number: str
    reason: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None

    def told(self, zone: zoneinfo.ZoneInfo) -> dict[str, str]:
        """Return it in words, for a refusal: by the clocks of the site."""
        return {
            "number": self.number,
            "reason": self.reason or _("cleaning or inspection"),
            "starts": _local(self.starts_at, zone),
            "ends": _local(self.ends_at, zone) if self.ends_at else _("a time not known yet"),
        }


def reasons(claims: Collection[Claim]) -> dict[int, str]:
    """Return why each of some closures was planned, by claim: one statement."""
    told = Event.objects.filter(
        action=Action.CLOSURE_PLANNED, compartment_id__in=[one.compartment_id for one in claims],
        data__claim__in=[one.pk for one in claims],
    ).values_list("data__claim", "reason")  # fmt: skip
    return dict(told)


def first_across(
    *,
    bank_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    compartment_id: int | None = None,
    size_id: int | None = None,
) -> Closing | None:
    """Return the closure that stands in the way of a window and is over first, if one does."""
    across = Claim.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at), kind=ClaimKind.CLOSURE,
        closed_at__isnull=True, starts_at__lt=ends_at, compartment__bank=bank_id,
    )  # fmt: skip
    if compartment_id is not None:
        across = across.filter(compartment=compartment_id)
    if size_id is not None:
        across = across.filter(compartment__size=size_id)
    claim = across.select_related("compartment").order_by("ends_at", "pk").first()
    if claim is None:
        return None
    reason = reasons([claim]).get(claim.pk, "")
    return Closing(claim.pk, claim.compartment.number, reason, claim.starts_at, claim.ends_at)


def _local(instant: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    return date_format(instant.astimezone(zone), "D j M, H:i")
