"""Which people a member of staff may see: those at home there, and those who have something there.

The reach of a person, for staff of a place:

- whose home site it is: staff with the right on all of that site;
- who is at home nowhere: staff with the right on any site of the organisation;
- who has something there now (a locker, a key, access for a while or a request for it): staff
  who may view that site or area. They see the person; only the first two may change them.

Staff of an area see a person by the third alone: people are at home at sites.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils import timezone

from lockers.models import Bank, Site
from lockers.scoping.rights import VIEW, areas_of, organisations_of, recall, sites_of, within


@dataclass(frozen=True)
class Tie:
    """What ties a person to a place: rows, and the lookups from them."""

    rows: Callable[[dt.datetime], models.QuerySet[Any]]
    person: str
    # To its bank, and to its site where a row may be of a whole site: "" for neither.
    bank: str
    site: str

    def at_places_of(self, user: Any) -> models.Q:
        """Return the condition for rows at the places that somebody may view."""
        there = models.Q(pk__in=[])
        if self.bank:
            there |= within(user, VIEW, self.bank)
        if self.site:
            there |= models.Q(**{f"{self.site}__in": sites_of(user)})
        return there


_ties: list[Tie] = []


def tie(
    rows: Callable[[dt.datetime], models.QuerySet[Any]],
    *,
    person: str,
    bank: str = "",
    site: str = "",
) -> None:
    """Say what somebody can have at a place; ``rows`` returns those in force at an instant."""
    _ties.append(Tie(rows, person, bank, site))


def people(user: Any, right: str = VIEW, path: str = "") -> models.Q:
    """Return the condition for rows whose person is in somebody's reach.

    ``path`` is the lookup from the row to its person, "" when it is the person itself.
    """
    if user.is_active and user.is_superuser:
        return models.Q()
    prefix = f"{path}__" if path else ""
    condition = models.Q(**{f"{prefix}home_site__in": sites_of(user, right)}) | models.Q(
        **{
            f"{prefix}home_site__isnull": True,
            f"{prefix}organisation__in": organisations_of(user, right),
        }
    )
    if right != VIEW:
        return condition
    for having in recall(user, "ties", lambda _is_remembered: _having(user)):
        condition |= models.Q(**{f"{prefix}pk__in": having})
    return condition


def _having(user: Any) -> list[models.QuerySet[Any, Any]]:
    now = timezone.now()
    return [one.rows(now).filter(one.at_places_of(user)).values(one.person) for one in _ties]


def events_of(user: Any) -> models.Q:
    """Return the condition for the events that somebody may read.

    What belongs to no site belongs to everybody who sees a site of its organisation or, when it
    is about a person, sees that person; what belongs to no organisation (log-ins) is for
    superusers.
    """
    if user.is_active and user.is_superuser:
        return models.Q()
    sites = sites_of(user)
    # The apps of people stand to the right of this one: their model is found from the site.
    everybody: Any = Site._meta.get_field("people").related_model
    seen = everybody._default_manager.filter(people(user)).values("pk")
    about = models.Q(person_id__isnull=True) | models.Q(person_id__in=seen)
    return (
        models.Q(site_id__in=sites.values("pk"))
        | about
        & models.Q(site_id__isnull=True, organisation_id__in=sites.values("organisation_id"))
        | models.Q(bank_id__in=Bank.objects.filter(area__in=areas_of(user)).values("pk"))
    )
