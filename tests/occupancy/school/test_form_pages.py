"""A tutor's form on a phone: who has which door, what is missing, and nothing that opens one."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Person
from access.services import lost_keys
from occupancy.models import Claim
from occupancy.services.ending import recovery
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate
from tests.factories.school import PupilFactory
from tests.factories.school_year import SchoolYear


def page(client: Client, year: SchoolYear, form: str = "7A") -> str:
    answer = client.get(reverse("form", args=[year.school.form(form).pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_tutor_without_any_right_logs_in_and_sees_their_form(year: SchoolYear) -> None:
    client = Client()
    posted = {"login": "tutor", "password": "correct horse"}
    answer = client.post(reverse("account_login"), posted, follow=True)
    assert answer.status_code == 200
    assert reverse("forms") in answer.content.decode(), "the front page leads there"
    answer = client.get(reverse("forms"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("form", args=[year.school.form("7A").pk])
    assert "Form 7A" in answer.content.decode()
    assert client.get(reverse("admin:index")).status_code == 302, "no administration for them"


def test_a_form_shows_door_bank_size_and_lock(year: SchoolYear, at: dt.datetime) -> None:
    pupil = year.school.of("7A")[0]
    year.give(pupil, year.keyed_doors[1], at)
    text = page(signed_in(year.tutor), year)
    for told in ("Pupil1 Of7A", "K2", "Hall keys", "Small · key", "Key not handed out",
                 "3 pupils", "2 without a locker"):  # fmt: skip
        assert told in text
    assert "Of7B" not in text


def test_a_form_shows_keys_that_are_out_or_missing(year: SchoolYear, at: dt.datetime) -> None:
    one, two, _three = year.school.of("7A")
    for pupil, door in ((one, year.keyed_doors[0]), (two, year.keyed_doors[1])):
        year.give(pupil, door, at)
        key = year.hand_out(pupil, door, at)
    lost_keys.report_lost(key=key, reason="on the bus", actor=SETUP, at=at)
    text = page(signed_in(year.tutor), year)
    assert text.count("Key handed out") == 1
    assert text.count("Key missing") == 1
    assert "1 locker needs the office" in text


def test_a_form_shows_what_is_overdue_or_being_emptied(year: SchoolYear, at: dt.datetime) -> None:
    one, two, _three = year.school.of("7A")
    late = year.give(one, year.keyed_doors[0], at)
    before = at - dt.timedelta(days=20)
    Claim.objects.filter(pk=late.pk).update(
        starts_at=before, started_at=before, at_end="hold",
        due_at=at - dt.timedelta(days=3), ends_at=at - dt.timedelta(days=3),
    )  # fmt: skip
    emptied = year.give(two, year.keyed_doors[1], at)
    recovery.begin(claim_id=emptied.pk, actor=SETUP, at=at, reason="a smell")
    text = page(signed_in(year.tutor), year)
    assert "Overdue since 14 Nov" in text
    assert text.count("Being emptied") == 1


def test_a_form_never_shows_what_opens_a_door_or_who_somebody_is(
    year: SchoolYear, at: dt.datetime
) -> None:
    pupil = year.school.of("7A")[0]
    Person.objects.filter(pk=pupil.pk).update(
        upn="A123456789012", needs_low_door=True, guardian_name="Mrs Guardian",
        guardian_phone="020 7946 0000", guardian_email="guardian@example.org",
        email="pupil@example.org",
    )  # fmt: skip
    year.give(pupil, year.dial_doors[0], at)
    year.give(pupil, year.keyed_doors[0], at)
    lock = year.locks[year.keyed_doors[0].pk]
    type(lock).objects.filter(pk=lock.pk).update(key_code="CODE-77")
    text = page(signed_in(year.tutor), year)
    assert "C1" in text
    assert "Hall dials" in text
    for secret in ("01-02-01", "CODE-77", lock.serial, "A123456789012", "Guardian", "7946",
                   "example.org", "low door", pupil.personal_number):  # fmt: skip
        assert secret not in text, secret


def test_another_form_is_not_there(year: SchoolYear, estate: Estate) -> None:
    other = reverse("form", args=[year.school.form("7B").pk])
    missing = reverse("form", args=[99_999_999])
    for user in (year.tutor, estate.nina):
        client = signed_in(user)
        assert client.get(other).status_code == 404
        assert client.get(other).content == client.get(missing).content
    assert Client().get(other).status_code == 302


def test_who_stops_being_a_tutor_sees_nothing_any_more(year: SchoolYear) -> None:
    form = year.school.form("7A")
    client = signed_in(year.tutor)
    form.tutors.clear()
    assert client.get(reverse("form", args=[form.pk])).status_code == 404
    assert "tutor of no form" in client.get(reverse("forms")).content.decode()
    assert reverse("forms") not in client.get("/").content.decode()


def test_staff_who_may_look_at_the_site_see_all_of_its_forms(
    year: SchoolYear, estate: Estate
) -> None:
    client = signed_in(estate.olga)
    text = client.get(reverse("forms")).content.decode()
    for form in year.school.forms:
        assert f">{form.name}<" in text
        assert client.get(reverse("form", args=[form.pk])).status_code == 200


def test_a_tutor_of_two_forms_chooses_and_finds_them_first(
    year: SchoolYear, estate: Estate
) -> None:
    year.school.form("8B").tutors.add(year.tutor, estate.olga)
    text = signed_in(year.tutor).get(reverse("forms")).content.decode()
    assert text.index(">7A<") < text.index(">8B<")
    assert ">7B<" not in text
    text = signed_in(estate.olga).get(reverse("forms")).content.decode()
    assert text.index(">8B<") < text.index(">7A<")


def test_whoever_left_is_not_in_the_form(year: SchoolYear) -> None:
    gone = year.school.of("7A")[0]
    Person.objects.filter(pk=gone.pk).update(status="left")
    assert "Pupil1 " not in page(signed_in(year.tutor), year)


def test_a_large_form_takes_as_many_queries_as_a_small_one(
    year: SchoolYear, estate: Estate, at: dt.datetime
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(client, year)
        return len(queries)

    client = signed_in(year.tutor)
    year.give(year.school.of("7A")[0], year.keyed_doors[0], at)
    small = asked()
    for number in range(20):
        pupil = PupilFactory(registration_group=year.school.form("7A"))
        door = factories.CompartmentFactory(
            bank=year.keyed, number=f"X{number}", column=100 + number, lock_kind="keyed",
            size=estate.small,
        )  # fmt: skip
        factories.KeyFactory(lock=factories.LockFactory(compartment=door))
        year.give(pupil, door, at)
    assert asked() == small


def test_a_register_is_in_the_order_of_names_accents_aside(year: SchoolYear) -> None:
    for pupil, name in zip(year.school.of("7A"), ("Zeta", "Ánh", "Bell"), strict=True):
        Person.objects.filter(pk=pupil.pk).update(family_name=name)
    text = page(signed_in(year.tutor), year)
    assert text.index("Ánh") < text.index("Bell") < text.index("Zeta")
