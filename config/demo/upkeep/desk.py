"""Who repairs, how soon, and what is checked: teams, service levels, checklists, costs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from access.models import User
from audit.services.events import Actor
from config.demo.estate import POOL, SCHOOL, BuiltSite, Estate
from lockers.models import Organisation
from maintenance.choices import Category, Priority
from maintenance.models import Checklist, ChecklistItem, CostRules, ServiceLevel, Team

CARETAKERS, DUTY = "Caretakers", "Duty managers"
CLEANING, INSPECTION, DAY_END = "Clean and dry", "Every part of a door", "Pool, before it shuts"
LABOUR_RATE, CURRENCY = Decimal(46), "GBP"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

# Category, the site it is for (None: all), priority, hours, opening hours only, escalated after.
_LEVELS = (
    (Category.JAMMED, None, Priority.HIGH, 24, False, 24),
    (Category.FORCED, None, Priority.URGENT, 4, False, 2),
    (Category.SILENT, None, Priority.URGENT, 4, False, 4),
    (Category.WONT_CLOSE, None, Priority.HIGH, 24, False, 24),
    (Category.LOW_BATTERY, None, Priority.NORMAL, 7 * 24, False, None),
    (Category.DAMAGED, None, Priority.NORMAL, 7 * 24, False, 24),
    (Category.DIRTY, None, Priority.LOW, 48, False, None),
    (Category.DIRTY, POOL, Priority.NORMAL, 4, True, None),
    (Category.JAMMED, SCHOOL, Priority.HIGH, 8, True, 24),
)
# Item, with a photo, and the fault that it is when it is not all right.
_LISTS: tuple[tuple[str, str, tuple[tuple[str, bool, str], ...]], ...] = (
    ("Lock works again", Category.JAMMED, (
        ("Opened and closed ten times", False, ""),
        ("Bolt and strike are straight", False, ""),
        ("Photo of the lock, put together again", True, ""),
    )),
    (CLEANING, "", (
        ("Emptied, wiped and dry", False, Category.DIRTY),
        ("Nobody's things are left inside", False, Category.THINGS_LEFT),
    )),
    (INSPECTION, "", (
        ("Door hangs straight and shuts by itself", False, Category.WONT_CLOSE),
        ("Lock opens at the first try", False, Category.JAMMED),
        ("No dents, no sharp edges", False, Category.DAMAGED),
        ("Number and label can be read", False, Category.OTHER),
    )),
    (DAY_END, "", (
        ("Nothing is left inside", False, Category.THINGS_LEFT),
        ("Coin return and band reader are dry", False, Category.DIRTY),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """Who works here, and with what."""

    first: Actor
    technician: Actor
    first_id: int
    technician_id: int
    team: Team
    lists: dict[str, Checklist]


def build(estate: Estate, *, first: User, technician: User) -> Desk:
    """Write teams, service levels, checklists and the cost of an hour."""
    here = estate.organisation
    team = Team.objects.create(organisation=here, name=CARETAKERS)
    team.members.add(technician)
    duty = Team.objects.create(organisation=here, name=DUTY)
    duty.members.add(first)
    sites = {built.plan: built.site for built in estate.sites}
    ServiceLevel.objects.bulk_create(
        ServiceLevel(
            organisation=here, site=sites[plan] if plan is not None else None, category=category,
            priority=priority, due_hours=hours, in_opening_hours=is_open,
            escalate_after_hours=after, team=team, escalate_to=duty if after else None,
        )
        for category, plan, priority, hours, is_open, after in _LEVELS
    )  # fmt: skip
    CostRules.objects.create(organisation=here, labour_rate=LABOUR_RATE, currency=CURRENCY)
    return Desk(
        Actor.staff(first.pk), Actor.staff(technician.pk), first.pk, technician.pk, team,
        _checklists(here),
    )  # fmt: skip


def reachable(estate: Estate) -> None:
    """Give the team its address: from now on letters go there, none about what is long past."""
    Team.objects.filter(organisation=estate.organisation, name=CARETAKERS).update(
        email="caretakers@northwind.example"
    )


def local(built: BuiltSite, at: dt.datetime) -> dt.date:
    """Return the day that it is at a site."""
    return at.astimezone(built.site.zone).date()


def _checklists(here: Organisation) -> dict[str, Checklist]:
    made = {}
    for name, closes, items in _LISTS:
        made[name] = Checklist.objects.create(organisation=here, name=name, closes=closes)
        ChecklistItem.objects.bulk_create(
            ChecklistItem(
                checklist=made[name], position=place, text=text, needs_photo=photo, fault=fault
            )
            for place, (text, photo, fault) in enumerate(items, start=1)
        )
    return made
