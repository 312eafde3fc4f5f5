"""What a rollover would do, read anew each time: everything that its preview shows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from access.choices import PersonKind, PersonStatus
from access.models import Person, RegistrationGroup, YearGroup
from occupancy import periods
from occupancy.choices import AtRollover, ClaimKind, UseModel
from occupancy.models import Claim, Rollover, RolloverForm, RolloverYear

# A door for the day or for some hours is nobody's to keep.
_FOR_A_YEAR = [UseModel.PERMANENT, UseModel.FIXED]
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Up:
    """A pupil who goes up: to which year, and into which form."""

    person: Person
    year: YearGroup
    form: RegistrationGroup | None


@dataclass
class Plan:
    """Everybody and everything that a rollover touches, and why it cannot be done yet."""

    leavers: list[Person] = field(default_factory=list)
    up: list[Up] = field(default_factory=list)
    intake: list[Person] = field(default_factory=list)
    tutors: list[tuple[RegistrationGroup, RegistrationGroup]] = field(default_factory=list)
    kept: list[Claim] = field(default_factory=list)
    ended: list[Claim] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Return what tells one plan from another."""
        told = [
            [one.pk for one in self.leavers],
            [[one.person.pk, one.year.pk, one.form.pk if one.form else None] for one in self.up],
            [[form.pk, goes_to.pk] for form, goes_to in self.tutors],
            [one.pk for one in self.kept],
            [one.pk for one in self.ended],
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def prepare(*, rollover: Rollover) -> None:
    """Fill in what is usual: every year to the next rank, 7B to 8B, doors kept.

    Lines that are there stay as they are.
    """
    organisation = rollover.site.organisation_id
    years = list(YearGroup.objects.filter(organisation=organisation).order_by("rank"))
    following = dict(zip((one.pk for one in years), years[1:], strict=False))
    with transaction.atomic():
        known = set(rollover.years.values_list("year_group_id", flat=True))
        RolloverYear.objects.bulk_create(
            RolloverYear(rollover=rollover, year_group=year, goes_to=following.get(year.pk))
            for year in years
            if year.pk not in known
        )
        forms = list(RegistrationGroup.objects.filter(site=rollover.site_id))
        by_name = {(one.year_group_id, one.name): one for one in forms}
        goes = {one.year_group_id: one.goes_to_id for one in rollover.years.all()}
        there = set(rollover.forms.values_list("registration_group_id", flat=True))
        RolloverForm.objects.bulk_create(
            RolloverForm(
                rollover=rollover,
                registration_group=form,
                goes_to=by_name.get((goes.get(form.year_group_id) or 0, following_name(form.name))),
            )
            for form in forms
            if form.pk not in there
        )


def following_name(name: str) -> str:
    """Return what a form is called a year later: the first number in it goes up by one."""
    return _NUMBER.sub(lambda found: str(int(found[0]) + 1), name, count=1)


def plan(rollover: Rollover) -> Plan:
    """Return what the rollover would do now, in a constant number of statements."""
    made = Plan()
    years = {one.year_group_id: one for one in rollover.years.select_related("goes_to")}
    forms = {
        one.registration_group_id: one
        for one in rollover.forms.select_related("registration_group", "goes_to")
    }
    pupils = list(
        Person.objects.filter(
            home_site=rollover.site_id, kind=PersonKind.STUDENT, year_group__isnull=False
        )
        .exclude(status=PersonStatus.LEFT)
        .select_related("year_group", "registration_group")
        .order_by("pk")
    )
    claims = _claims(rollover, pupils)
    for pupil in pupils:
        assert pupil.year_group_id is not None  # by the filter
        line = years.get(pupil.year_group_id)
        if pupil.starts_on is not None and pupil.starts_on >= rollover.to_session.starts_on:
            made.intake.append(pupil)
            continue
        if line is None:
            continue  # said with its year
        if line.goes_to is None or _is_over(pupil, rollover):
            # What they still have is emptied as that of everybody who leaves.
            made.leavers.append(pupil)
            continue
        form = forms.get(pupil.registration_group_id or 0)
        made.up.append(Up(pupil, line.goes_to, form.goes_to if form is not None else None))
        theirs = claims.get(pupil.pk, [])
        (made.kept if line.doors == AtRollover.KEEP else made.ended).extend(theirs)
    if rollover.moves_tutors:
        made.tutors = [
            (one.registration_group, one.goes_to)
            for one in forms.values()
            if one.goes_to is not None and one.goes_to_id != one.registration_group_id
        ]
    made.problems = _problems(rollover, pupils, years, forms)
    return made


def ends_at(rollover: Rollover) -> dt.datetime:
    """Return when doors end that are kept: with the last day of the new year, at the site."""
    day = rollover.to_session.ends_on + dt.timedelta(days=1)
    return periods.shown_at(dt.datetime.combine(day, dt.time()), rollover.site.zone)


def _is_over(pupil: Person, rollover: Rollover) -> bool:
    return pupil.leaves_on is not None and pupil.leaves_on < rollover.to_session.starts_on


def _claims(rollover: Rollover, pupils: list[Person]) -> dict[int, list[Claim]]:
    """Return what pupils have here for the year that ends, or without an end.

    Years may touch: what ends as the new one begins was for the one before.
    """
    begins = dt.datetime.combine(rollover.to_session.starts_on, dt.time(), rollover.site.zone)
    found: defaultdict[int, list[Claim]] = defaultdict(list)
    for claim in (
        Claim.objects.filter(
            Q(due_at__isnull=True) | Q(due_at__lte=begins),
            holder__in=pupils, policy__model__in=_FOR_A_YEAR, kind=ClaimKind.ASSIGNMENT,
            closed_at__isnull=True, recovery_at__isnull=True,
            compartment__bank__site=rollover.site_id,
        )
        .select_related("compartment__bank", "policy", "holder")
        .order_by("pk")
    ):  # fmt: skip
        found[claim.holder_id or 0].append(claim)
    return found


def _problems(
    rollover: Rollover,
    pupils: list[Person],
    years: dict[int, RolloverYear],
    forms: dict[int, RolloverForm],
) -> list[str]:
    found = []
    missing = {one.year_group for one in pupils if one.year_group_id not in years}
    found += [_("Nothing is said of %(year)s.") % {"year": one} for one in sorted(missing, key=str)]
    for line in forms.values():
        form, goes_to = line.registration_group, line.goes_to
        year = years.get(form.year_group_id)
        if goes_to is None or year is None:
            continue
        if year.goes_to_id != goes_to.year_group_id:
            found.append(
                _("%(form)s becomes %(goes_to)s, which is not a form of %(year)s.")
                % {"form": form, "goes_to": goes_to, "year": year.goes_to or _("no year")}
            )
    return found
