"""Keys and dials of the lockers for the year: whoever got one by the draw has its key."""

from __future__ import annotations

import datetime as dt
import random

from access.models import Lock
from access.services import keys
from config.demo import keys as registers
from config.demo.classes import Classes
from config.demo.estate import BuiltSite
from config.demo.happenings import ACTOR
from lockers.choices import LockKind
from lockers.models import Compartment
from occupancy.models import Assignment

SEED = 47
# So many of those who have a keyed door have not come for the key yet.
NOT_FETCHED = 3


def add(built: BuiltSite, classes: Classes, *, user_id: int, at: dt.datetime) -> None:
    """Put their locks into the register, and hand a key to whoever has a keyed one."""
    rng = random.Random(SEED)
    first_day = dt.datetime.combine(
        classes.this_year.starts_on, dt.time(8, 30), tzinfo=built.site.zone
    ).astimezone(dt.UTC)
    cut_at = first_day - dt.timedelta(days=60)
    holder = {
        claim.compartment_id: claim.holder
        for claim in Assignment.objects.filter(
            compartment__bank__in=built.year_banks, closed_at__isnull=True
        ).select_related("holder")
    }
    doors = (
        Compartment.objects.filter(bank__in=built.year_banks)
        .exclude(lock_kind=LockKind.ELECTRONIC)
        .select_related("bank__site__organisation")
        .order_by("bank", "column", "row")
    )
    fetched = []
    for door in doors:
        lock = Lock.objects.create(compartment=door, serial=f"HL-{4100 + door.pk}")
        if door.lock_kind == LockKind.COMBINATION:
            registers.set_dial(lock, cut_at, rng)
            continue
        one, _spare = keys.cut(opens=lock, count=2, actor=ACTOR, at=cut_at, hook=door.number)
        if (person := holder.get(door.pk)) is not None:
            fetched.append((one, person))
    for key, person in fetched[NOT_FETCHED:]:
        registers.issue(key, person, user_id, min(first_day, at - dt.timedelta(hours=12)), None)
