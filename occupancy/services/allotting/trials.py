"""Trying all methods on what is known so far, side by side, by a seed that is thrown away."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace

from django.db import transaction

from occupancy.allotment import draw
from occupancy.allotment.problem import Method
from occupancy.allotment.report import report
from occupancy.allotment.run import allot
from occupancy.errors.allotments import FrozenAlready
from occupancy.models import Allotment, TrialRun
from occupancy.services.allotting import entries, problems


def run(*, allotment: Allotment, at: dt.datetime) -> list[TrialRun]:
    """Try every method with the wishes handed in so far; nobody gets anything.

    The seed is a new one each time and is not kept: the draw itself cannot be tried. Raises
    FrozenAlready and NothingToAllot.
    """
    with transaction.atomic():
        if Allotment.objects.filter(pk=allotment.pk, frozen_at__isnull=False).exists():
            raise FrozenAlready
        entries.sync(allotment=allotment, at=at)
        made = problems.make(allotment, at)
        seed = secrets.token_bytes(draw.SEED_BYTES)
        found = []
        for method in Method:
            problem = replace(made.problem, method=method)
            result = report(problem, allot(problem, seed))
            trial, _new = TrialRun.objects.update_or_create(
                allotment=allotment, method=method.value,
                defaults={"made_at": at, "report": result.told()},
            )  # fmt: skip
            found.append(trial)
    return found
