"""Lists to hand out keys and combinations by: read, and recorded that somebody made them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from access.models import Lock
from access.services import combinations
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site
from occupancy.selectors import forms
from occupancy.selectors.forms import Pupil


@dataclass(frozen=True)
class HandOut:
    """The pupils with their doors, in the order of forms, and what opens the doors by dial."""

    pupils: list[Pupil]
    # By door; empty when the list is made without.
    combinations: dict[int, str]


def make(
    *,
    site: Site,
    people: Q,
    about: str,
    actor: Actor,
    at: dt.datetime,
    shows_combinations: bool = False,
    reason: str = "",
) -> HandOut:
    """Return what a list for some pupils of a site says, and record that it was made.

    With combinations each one is recorded as looked at, for the reason; the caller has checked the
    right to. ``about`` says in the record whom the list is of. Raises CombinationsSealed.
    """
    with transaction.atomic():
        pupils = forms.pupils(people & Q(home_site=site), at, site_id=site.pk)
        shown: dict[int, str] = {}
        if shows_combinations:
            doors = [has.compartment.pk for pupil in pupils for has in pupil.doors]
            lines = combinations.show_many(
                locks=Lock.objects.filter(compartment__in=doors), reason=reason, actor=actor, at=at
            )
            shown = {line.lock.compartment_id: line.combination for line in lines}
        events.record(
            action=Action.EXPORTED,
            actor=actor,
            at=at,
            organisation_id=site.organisation_id,
            site_id=site.pk,
            subject="hand_out",
            reason=reason,
            data={"about": about, "pupils": len(pupils), "combinations": len(shown)},
        )
    return HandOut(pupils, shown)
