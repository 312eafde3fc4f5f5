"""Collections as they are walked: whose they are, how far each form is, and pupil by pupil."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection as Some
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from access.models import User
from access.models.keys import money
from access.services import keys
from lockers.scoping import MAINTAIN, OPERATE, sites_of
from maintenance.choices import Condition, KeyAnswer
from maintenance.collecting import Said, Standing, standing
from maintenance.models import Collection, CollectionLine


def back_of(lines: str = "") -> Q:
    """Return the condition for lines whose locker is back: their pupil may still owe something.

    ``lines`` is the lookup to the lines, "" when it is they themselves.
    """
    said = {f"{lines}done_at__isnull": False, f"{lines}emptied": True}
    settled = [KeyAnswer.NONE, KeyAnswer.BACK, KeyAnswer.LOST]
    return Q(**{f"{lines}cleared_at__isnull": False}) | Q(**said, **{f"{lines}key__in": settled})


# The condition for lines themselves.
BACK = back_of()


@dataclass(frozen=True)
class FormCount:
    """How far a form is; ``number`` is 0 for pupils of no form."""

    number: int
    name: str
    lockers: int
    back: int


@dataclass(frozen=True)
class Going:
    """A collection with those of its forms that somebody may collect."""

    collection: Collection
    forms: list[FormCount]

    @property
    def lockers(self) -> int:
        """How many lockers these forms have."""
        return sum(form.lockers for form in self.forms)

    @property
    def back(self) -> int:
        """How many of them are back."""
        return sum(form.back for form in self.forms)


@dataclass(frozen=True)
class Row:
    """One line as the tablet shows it."""

    line: CollectionLine
    standing: Standing
    is_given_back: bool
    summary: str

    @property
    def state(self) -> str:
        """The part of the page it belongs to."""
        return state_of(self.standing)


def state_of(how: Standing) -> str:
    """Return the part of the page that a line belongs to."""
    return {Standing.OWES: Standing.COLLECTED.value}.get(how, how.value)


def said_of(line: CollectionLine) -> Said:
    """Return what was said of a line."""
    return Said(
        emptied=line.emptied, key=line.key, condition=line.condition,
        is_damage_charged=line.damage_minor is not None, is_cleared=line.cleared_at is not None,
    )  # fmt: skip


def stopped(at: dt.datetime) -> Q:
    """Return the condition for lines whose pupil is stopped until somebody clears them."""
    return Q(cleared_at__isnull=True, hold__isnull=False, hold__lifted_at__isnull=True)


def of_office(user: User) -> Q:
    """Return the condition for collections at sites that somebody operates or maintains."""
    return Q(site__in=sites_of(user, OPERATE)) | Q(site__in=sites_of(user, MAINTAIN))


def is_office(user: User, one: Collection) -> bool:
    """Say whether somebody collects every form, not only their own."""
    return Collection.objects.filter(of_office(user), pk=one.pk).exists()


def lines_for(user: User) -> QuerySet[CollectionLine]:
    """Return the lines that somebody may say something of: of their site, or of their form."""
    office = Collection.objects.filter(of_office(user)).values("pk")
    mine = user.forms.values("pk")
    return CollectionLine.objects.filter(Q(collection__in=office) | Q(registration_group__in=mine))


def reachable(user: User) -> QuerySet[Collection]:
    """Return the collections that somebody has something to do with."""
    mine = CollectionLine.objects.filter(registration_group__in=user.forms.values("pk"))
    return Collection.objects.filter(of_office(user) | Q(pk__in=mine.values("collection")))


def going_on(user: User) -> list[Going]:
    """Return the collections that go on, with their forms: two statements, however many."""
    found = list(
        reachable(user)
        .filter(begun_at__isnull=False, closed_at__isnull=True)
        .select_related("site", "session")
        .order_by("starts_on", "pk")
    )
    by_collection = forms_of(user, [one.pk for one in found])
    return [Going(one, by_collection[one.pk]) for one in found]


def forms_of(user: User, collections: Some[int]) -> dict[int, list[FormCount]]:
    """Return how far each form of some collections is, by collection."""
    rows = (
        lines_for(user)
        .filter(collection__in=collections)
        .order_by("collection", "registration_group__year_group__rank", "form")
        .values("collection", "registration_group", "form")
        .annotate(lockers=Count("pk"), back=Count("pk", filter=BACK))
    )
    found: defaultdict[int, list[FormCount]] = defaultdict(list)
    for row in rows:
        name = row["form"] or _("In no form")
        found[row["collection"]].append(
            FormCount(row["registration_group"] or 0, name, row["lockers"], row["back"])
        )
    return found


def rows_of(user: User, one: Collection, form: int) -> list[Row]:
    """Return the lines of a form in the order of its register."""
    lines = (
        lines_for(user)
        .filter(collection=one, registration_group=form or None)
        .select_related("person", "compartment__bank", "claim")
        .order_by("person__family_name", "person__given_name", "pk")
    )
    return [row_of(line) for line in lines]


def row_of(line: CollectionLine) -> Row:
    """Return a line as the tablet shows it."""
    said = said_of(line)
    return Row(line, standing(said), said.gives_door_back, summary_of(line))


def summary_of(line: CollectionLine) -> str:
    """Say in a few words what was said of a line."""
    emptied = {None: "", True: _("emptied"), False: _("not emptied")}[line.emptied]
    key = "" if line.key == KeyAnswer.NONE else KeyAnswer(line.key).label if line.key else ""
    condition = Condition(line.condition).label if line.condition else ""
    said = ", ".join(str(one) for one in (emptied, key, condition) if one)
    return said[:1].upper() + said[1:]


def told(line: CollectionLine) -> dict[str, Any]:
    """Return what a tablet is told of a line after an entry."""
    row = row_of(line)
    return {
        "line": line.pk,
        "state": row.state,
        "emptied": {None: "", True: "yes", False: "no"}[line.emptied],
        "key": line.key,
        "condition": line.condition,
        "summary": row.summary,
        "is_given_back": row.is_given_back,
    }


def charge_of(one: Collection) -> str:
    """Say what a lost key costs at the site of a collection; "" where it costs nothing."""
    rules = keys.rules_of(one.site)
    return money(rules.charge_minor, rules.currency) if rules.charge_minor else ""


def electronic_left(lines: Some[CollectionLine], at: dt.datetime) -> int:
    """Return how many electronic doors of some lines are still to be emptied."""
    return sum(
        line.compartment.controller_id is not None
        and line.emptied is not True
        and line.claim.closed_at is None
        for line in lines
    )
