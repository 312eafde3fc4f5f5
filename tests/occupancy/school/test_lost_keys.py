"""A pupil lost the key: from their page it is reported, charged, and there is another way in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from access.models import Key, KeyCharge, KeyHolding, KeyRules, LockChangeRequest, Person, User
from occupancy.models import Assignment
from tests import factories
from tests.admin_pages import signed_in, verb
from tests.factories.cast import Estate
from tests.factories.school_year import SchoolYear


def page(user: User, pupil: Person) -> str:
    address = reverse("admin:access_person_change", args=[pupil.pk])
    return signed_in(user).get(address).content.decode()


def test_the_page_of_a_pupil_leads_through_it(
    year: SchoolYear, estate: Estate, at: dt.datetime
) -> None:
    KeyRules.objects.update_or_create(
        site=estate.site, defaults={"charge_minor": 1500, "currency": "GBP"}
    )
    pupil = year.school.of("7A")[0]
    year.give(pupil, year.keyed_doors[0], at)
    key = year.hand_out(pupil, year.keyed_doors[0], at)
    spare = Key.objects.get(lock=key.lock, copy=2)
    report = reverse("admin:access_key_report_lost", args=[key.pk])
    text = page(estate.max, pupil)
    assert "Hall keys K1" in text
    assert report in text
    answer = verb(
        estate.max, "report_lost", key, reason="on the bus", amount_minor="1500",
        meanwhile=f"spare-{spare.pk}",
    )  # fmt: skip
    assert answer["Location"].startswith(reverse("admin:access_key_issue", args=[spare.pk]))
    charge = KeyCharge.objects.get()
    assert (charge.person, charge.amount_minor, charge.currency) == (pupil, 1500, "GBP")
    assert LockChangeRequest.objects.get().lock == key.lock
    text = page(estate.max, pupil)
    assert "Key missing" in text
    assert "Hand out key 2" in text
    verb(estate.max, "issue", spare, person=str(pupil.pk), typed="Pupil One")
    assert KeyHolding.objects.get(returned_at=None).key == spare
    assert "Key handed out" in page(estate.max, pupil)


def test_with_no_other_key_they_get_a_door_meanwhile(
    year: SchoolYear, estate: Estate, at: dt.datetime
) -> None:
    pupil = year.school.of("7A")[0]
    first = year.give(pupil, year.keyed_doors[0], at)
    key = year.hand_out(pupil, year.keyed_doors[0], at)
    verb(estate.max, "report_lost", key, reason="on the bus", amount_minor="0", meanwhile="")
    give = reverse("admin:occupancy_claim_give")
    assert f"{give}?people={pupil.personal_number}" in page(estate.max, pupil)
    lent = factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="Key lost", model="exception",
        days=7,
    )  # fmt: skip
    client = signed_in(estate.max)
    begun = client.get(give, {"people": pupil.personal_number, "reason": "Key lost"})
    form = begun.context["form"]
    assert form.initial["people"] == pupil.personal_number
    asked: dict[str, Any] = {
        "bank": year.dials.pk, "policy": lent.pk, "people": pupil.personal_number,
        "reason": form.initial["reason"],
    }  # fmt: skip
    tried = client.post(give, {**asked, "step": "try"}).context["tried"]
    client.post(give, {**asked, "step": "give", "tried": tried})
    held = Assignment.objects.filter(holder=pupil, closed_at=None)
    assert {one.compartment.bank.name for one in held} == {"Hall keys", "Hall dials"}
    first.refresh_from_db()
    assert first.closed_at is None, "the first door stays theirs while its lock is changed"


def test_whoever_may_only_look_finds_no_way_to_report(
    year: SchoolYear, estate: Estate, at: dt.datetime
) -> None:
    from guardian.shortcuts import assign_perm

    pupil = year.school.of("7A")[0]
    year.give(pupil, year.keyed_doors[0], at)
    key = year.hand_out(pupil, year.keyed_doors[0], at)
    viewer: User = factories.UserFactory()
    assign_perm("view_site", viewer, estate.site)
    text = page(viewer, pupil)
    assert "Hall keys K1" in text
    assert reverse("admin:access_key_report_lost", args=[key.pk]) not in text
