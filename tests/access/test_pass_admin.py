"""Passes at the desk: issued on a person's page, shown with a record, taken back for a reason."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.models import Grant, Pass, Person, User
from audit.models import Event
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def max_(client: Client, estate: Estate) -> Client:
    """Return Max, who manages the site."""
    client.force_login(estate.max)
    return client


def times(begins: dt.datetime, ends: dt.datetime) -> dict[str, str]:
    """Return what the form sends for two instants."""
    sent = {}
    for name, at in (("starts_at", begins), ("ends_at", ends)):
        local = timezone.localtime(at)
        sent[f"{name}_0"], sent[f"{name}_1"] = f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}"
    return sent


def issue(client: Client, person: Person, **more: object) -> Pass:
    now = timezone.now()
    answer = client.post(
        reverse("admin:access_person_issue_pass", args=[person.pk]),
        {**times(now, now + HOUR), **more},
    )
    assert answer.status_code == 302, answer.content.decode()
    given = Pass.objects.get()
    assert answer["Location"] == reverse("admin:access_pass_change", args=[given.pk])
    return given


def test_a_manager_gives_a_pass_and_sees_what_it_is(max_: Client, estate: Estate) -> None:
    given = issue(max_, estate.amira, is_single_use="on")
    assert (given.person, given.compartment, given.is_single_use) == (estate.amira, None, True)
    told = Event.objects.get(action="pass.issued")
    assert (told.actor_kind, told.actor_id) == ("staff", str(estate.max.pk))
    page = max_.get(reverse("admin:access_pass_change", args=[given.pk])).content.decode()
    assert "Amira" in page
    assert "LW1:" not in page


def test_only_doors_that_somebody_may_open_are_offered(
    max_: Client, estate: Estate, at: dt.datetime
) -> None:
    Grant.objects.create(person=estate.amira, compartment=estate.doors[1], starts_at=at)
    address = reverse("admin:access_person_issue_pass", args=[estate.amira.pk])
    offered = max_.get(address).context["form"].fields["compartment"].queryset
    assert list(offered) == [estate.doors[1]]
    given = issue(max_, estate.amira, compartment=estate.doors[1].pk)
    assert given.compartment == estate.doors[1]


def test_times_that_make_no_sense_are_said(max_: Client, estate: Estate) -> None:
    now = timezone.now()
    answer = max_.post(
        reverse("admin:access_person_issue_pass", args=[estate.amira.pk]),
        times(now, now - HOUR),
    )
    assert "A pass ends after it starts" in answer.content.decode()
    assert not Pass.objects.exists()


def test_looking_at_a_pass_is_recorded_and_leads_to_its_page(max_: Client, estate: Estate) -> None:
    given = issue(max_, estate.amira)
    answer = max_.get(reverse("admin:access_pass_show_pass", args=[given.pk]), follow=True)
    assert "QR code of your pass" in answer.content.decode()
    assert Event.objects.get(action="pass.shown").person_id == estate.amira.pk


def test_a_pass_is_taken_back_by_a_form_and_not_by_a_link(max_: Client, estate: Estate) -> None:
    given = issue(max_, estate.amira)
    address = reverse("admin:access_pass_revoke_pass", args=[given.pk])
    max_.get(address)
    assert Pass.objects.get().revoked_at is None
    max_.post(address, {"reason": "Sent to the wrong person"})
    assert Pass.objects.get().revoked_at is not None
    assert Event.objects.get(action="pass.revoked").reason == "Sent to the wrong person"


def test_many_are_taken_back_at_once(max_: Client, estate: Estate) -> None:
    given = issue(max_, estate.amira)
    max_.post(
        reverse("admin:access_pass_changelist"),
        {"action": "revoke", "_selected_action": [str(given.pk)]},
    )
    assert Pass.objects.get().revoked_at is not None


@pytest.mark.parametrize("who", ["olga", "nina"])
def test_whoever_does_not_manage_the_people_gives_shows_and_takes_nothing(
    client: Client, estate: Estate, max_: Client, who: str
) -> None:
    given = issue(max_, estate.amira)
    user: User = getattr(estate, who)
    client.force_login(user)
    for name, pk in (
        ("person_issue_pass", estate.amira.pk),
        ("pass_show_pass", given.pk),
        ("pass_revoke_pass", given.pk),
    ):
        assert client.get(reverse(f"admin:access_{name}", args=[pk])).status_code == 404
    assert not Event.objects.filter(action="pass.shown").exists()
