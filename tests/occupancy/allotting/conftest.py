"""A small school with a bank of doors, and an allotment that is ready to be opened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from access.models import Person
from lockers.models import Bank, Compartment
from occupancy.choices import AtEnd, KeepsDoor, UseModel
from occupancy.models import Allotment, AllotmentYear, Entry, Policy, Preference
from occupancy.services.allotting import drawing
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.school import School, school

AUGUST = dt.datetime(2026, 8, 17, 8, tzinfo=dt.UTC)
CLOSES = AUGUST + dt.timedelta(days=7)


@dataclass
class August:
    """Twelve pupils in four forms; bank North with eight doors and bank South with six."""

    school: School
    allotment: Allotment
    north: Bank
    south: Bank

    def opened(self) -> Allotment:
        """Open it for a week of wishes."""
        drawing.open_for_wishes(
            allotment=self.allotment, opens_at=AUGUST, closes_at=CLOSES, actor=SETUP, at=AUGUST
        )
        return self.allotment

    def frozen(self) -> Allotment:
        """Freeze its input once the week is over."""
        drawing.freeze(allotment=self.allotment, actor=SETUP, at=CLOSES)
        return self.allotment

    def entry(self, pupil: Person) -> Entry:
        return Entry.objects.get(allotment=self.allotment, person=pupil)

    def wish(self, pupil: Person, *things: Bank | Compartment) -> None:
        """Hand in what somebody wishes for, the best first."""
        for rank, thing in enumerate(things, 1):
            Preference.objects.create(
                entry=self.entry(pupil), rank=rank,
                **{"bank" if isinstance(thing, Bank) else "compartment": thing},
            )  # fmt: skip


def bank_of(estate: Estate, name: str, doors: int) -> Bank:
    """Make a bank of small doors with keys."""
    bank: Bank = factories.BankFactory.create(site=estate.site, bridge=None, name=name)
    for number in range(1, doors + 1):
        factories.CompartmentFactory.create(
            bank=bank, number=f"{name[0]}{number}", size=estate.small, controller=None,
            channel=None, lock_kind="keyed", has_sensor=False, column=number, row=1,
        )  # fmt: skip
    return bank


@pytest.fixture
def august(estate: Estate) -> August:
    return prepared(estate)


def prepared(estate: Estate) -> August:
    """Make the school and an allotment that nobody has opened yet."""
    made = school(estate)
    north, south = bank_of(estate, "North", 8), bank_of(estate, "South", 6)
    policy = Policy.objects.create(
        organisation=estate.organisation, site=estate.site, name="School year",
        model=UseModel.PERMANENT, person_kinds=["student"], at_end=AtEnd.HOLD,
    )  # fmt: skip
    allotment = Allotment.objects.create(
        site=estate.site, session=made.session, policy=policy, name="Hall lockers", code="hall",
        held_back=0,
    )  # fmt: skip
    allotment.banks.set([north, south])
    for year in made.years:
        AllotmentYear.objects.create(allotment=allotment, year_group=year, keeps=KeepsDoor.ASKED)
    return August(made, allotment, north, south)
