"""One rule decides between policies: what is written about it, and what is explained, is that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from access.models import Department
from occupancy import precedence
from occupancy.allocation import policy
from occupancy.allocation.policy import Attached, Level, Place, Who
from occupancy.allocation.rules import Rules
from occupancy.models import CompartmentGroup
from occupancy.services.policies import explaining
from tests import factories
from tests.factories.cast import Estate

PLACE = Place(1, 2, 3, areas=(4, 5), groups=frozenset({6}))
STAFF = Who(1, "staff")
# From the closest out, as the first sentence has it.
CLOSEST_FIRST = [
    (Level.GROUP, 6), (Level.BANK, 3), (Level.AREA, 5), (Level.AREA, 4), (Level.SITE, 2),
    (Level.ORGANISATION, 1),
]  # fmt: skip


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def test_readme_code_and_page_say_the_same() -> None:
    readme = (Path(settings.BASE_DIR) / "README.md").read_text()
    for sentence in map(str, precedence.SENTENCES):
        for text in (readme, policy.__doc__ or ""):
            # A sentence may go on from another one, and lines may break anywhere.
            assert sentence.lower() in " ".join(text.split()).lower()


@pytest.mark.parametrize("closest", range(len(CLOSEST_FIRST)))
def test_the_closest_level_comes_first(closest: int) -> None:
    attached = [
        Attached(Rules(number, str(number)), *at)
        for number, at in enumerate(CLOSEST_FIRST[closest:], 1)
    ]
    governing = policy.resolve(reversed(attached), STAFF, PLACE).governing
    assert governing is attached[0]


def test_a_policy_that_keeps_its_doors_hides_every_wider_one() -> None:
    kept = Attached(
        Rules(1, "kept", kinds=frozenset({"visitor"}), is_exclusive=True), Level.BANK, 3
    )
    wide = Attached(Rules(2, "wide"), Level.SITE, 2)
    close = Attached(Rules(3, "close"), Level.GROUP, 6)
    assert policy.resolve([kept, wide], STAFF, PLACE).governing is None
    assert policy.resolve([kept, wide, close], STAFF, PLACE).governing is close


def test_of_two_equally_close_the_one_that_says_more_then_the_older_one() -> None:
    older, younger = (Attached(Rules(n, str(n)), Level.BANK, 3) for n in (1, 2))
    says_more = Attached(Rules(3, "3", kinds=frozenset({"staff"})), Level.BANK, 3)
    assert policy.resolve([younger, older], STAFF, PLACE).governing is older
    assert policy.resolve([younger, older, says_more], STAFF, PLACE).governing is says_more


def test_limits_add_up_however_wide() -> None:
    close = Attached(Rules(1, "close", limit=5), Level.BANK, 3)
    wide = Attached(Rules(2, "wide", limit=1), Level.ORGANISATION, 1)
    counts = policy.count(policy.resolve([close, wide], STAFF, PLACE), {2: [1], 1: [1]})
    assert counts.reached == (wide,)


def test_the_explanation_names_policy_level_and_facts(estate: Estate, at: dt.datetime) -> None:
    facilities = Department.objects.create(organisation=estate.organisation, name="Facilities")
    group = CompartmentGroup.objects.create(organisation=estate.organisation, name="Row 1")
    group.compartments.set(estate.doors)
    factories.PolicyFactory(
        organisation=estate.organisation, group=group, name="Facilities own row 1"
    ).departments.add(facilities)
    factories.PolicyFactory(organisation=estate.organisation, bank=estate.bank, name="Visitors",
                            person_kinds=["visitor"])  # fmt: skip
    factories.PolicyFactory(organisation=estate.organisation, name="All", limit_per_person=3)
    found = explaining.explain(person_id=estate.amira.pk, bank_id=estate.bank.pk, at=at)
    assert [(one.name, one.place, one.words) for one in found.policies] == [
        ("Facilities own row 1", "doors “Row 1”",
         "Is for others. It asks for the department Facilities; this person is in none."),
        ("Visitors", "bank A",
         "Is for others. It asks for visitor; this person is staff."),
        ("Day use", "site Harbour House", "Decides: the closest one that is for this person."),
        ("All", "everywhere",
         "Does not decide, but its limit counts: 3 doors for each person."),
    ]  # fmt: skip


def test_the_page_says_how_it_is_decided(estate: Estate) -> None:
    client = Client()
    client.force_login(estate.max)
    page = client.get(
        reverse("admin:occupancy_policy_explain"), {"who": "1001", "bank": estate.bank.pk}
    ).content.decode()
    assert "A policy that keeps its doors for its people hides every wider policy there." in page
    assert "Decides: the closest one that is for this person." in page
