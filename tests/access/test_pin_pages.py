"""PINs and lost badges at the desk: handed over once, cleared with a reason, at one's sites."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from access.choices import CredentialKind, CredentialStatus, ThrottleKind
from access.models import Credential, Throttle, User
from access.services import identification
from access.services.shown import Where
from audit.models import Event
from audit.services.events import Actor
from tests.admin_pages import signed_in
from tests.factories.cast import AMIRA_NUMBER, AMIRA_PIN, Estate


def page(estate: Estate, name: str) -> str:
    return reverse(f"admin:access_person_{name}", args=[estate.amira.pk])


def pin_on(answer: Any) -> str:
    found = re.search(r'id="lent_pin"[^>]*>([\d ]+)<', answer.content.decode())
    assert found is not None
    return found[1].replace(" ", "")


def get_in(estate: Estate, pin: str) -> int:
    where = Where(
        Actor.terminal(estate.terminal.pk),
        estate.organisation.pk,
        estate.site.pk,
        estate.bank.pk,
    )
    return identification.by_pin(
        personal_number=AMIRA_NUMBER, pin=pin, where=where, at=timezone.now()
    ).person_id


@pytest.fixture
def throttle(estate: Estate) -> Throttle:
    return Throttle.objects.create(
        key=f"person:{estate.amira.pk}",
        kind=ThrottleKind.PERSON,
        organisation=estate.organisation,
        person=estate.amira,
        failures=10,
        failed_at=timezone.now(),
        disabled_at=timezone.now(),
    )


def test_a_recovery_pin_is_shown_once_and_works(estate: Estate) -> None:
    client = signed_in(estate.max)
    assert client.get(page(estate, "recovery_pin")).status_code == 200
    answer = client.post(page(estate, "recovery_pin"), {"confirmed": "on"})
    assert "no-store" in answer["Cache-Control"]
    pin = pin_on(answer)
    # Nothing stands in the session that would show it again.
    after = client.get(reverse("admin:access_person_change", args=[estate.amira.pk]))
    assert pin not in after.content.decode()
    assert get_in(estate, pin) == estate.amira.pk
    event = Event.objects.get(action="credential.issued", actor_kind="staff")
    assert (event.actor_id, event.data["purpose"]) == (str(estate.max.pk), "recovery")


def test_who_did_not_look_at_the_person_gives_no_recovery_pin(estate: Estate) -> None:
    answer = signed_in(estate.max).post(page(estate, "recovery_pin"), {})
    assert "lent_pin" not in answer.content.decode()
    assert not Credential.objects.filter(purpose="recovery").exists()


def test_a_temporary_pin_needs_an_end_within_a_month(estate: Estate) -> None:
    def ask(days: int) -> Any:
        end = timezone.localtime(timezone.now() + dt.timedelta(days=days))
        return signed_in(estate.max).post(
            page(estate, "temporary_pin"),
            {"ends_at_0": end.strftime("%Y-%m-%d"), "ends_at_1": end.strftime("%H:%M:%S")},
        )

    for days in (-1, 40):
        assert "between now and a month" in ask(days).content.decode()
    assert get_in(estate, pin_on(ask(2))) == estate.amira.pk


def test_what_is_lost_is_suspended_alone_and_a_recovery_pin_is_offered(estate: Estate) -> None:
    badge = estate.amira.credentials.get(kind=CredentialKind.BADGE)
    answer = signed_in(estate.max).post(page(estate, "badge_lost"), {"credential": badge.pk})
    assert answer["Location"] == page(estate, "recovery_pin")
    badge.refresh_from_db()
    assert badge.status == CredentialStatus.SUSPENDED
    assert get_in(estate, AMIRA_PIN) == estate.amira.pk
    assert Event.objects.get(action="credential.changed").reason == "lost"


def test_the_badge_of_somebody_else_cannot_be_lost_there(estate: Estate) -> None:
    other = estate.ben.credentials.get(kind=CredentialKind.BADGE)
    answer = signed_in(estate.max).post(page(estate, "badge_lost"), {"credential": other.pk})
    assert answer.status_code == 200
    other.refresh_from_db()
    assert other.status == CredentialStatus.ACTIVE


def test_lost_in_the_list_of_credentials_leads_on_to_the_recovery_pin(estate: Estate) -> None:
    badge = estate.amira.credentials.get(kind=CredentialKind.BADGE)
    answer = signed_in(estate.max).post(
        "/admin/access/credential/", {"action": "lost", "_selected_action": [badge.pk]}
    )
    assert answer["Location"] == page(estate, "recovery_pin")
    badge.refresh_from_db()
    assert badge.status == CredentialStatus.SUSPENDED


def clear(user: User, throttle: Throttle, reason: str = "seen her passport") -> Any:
    address = reverse("admin:access_throttle_clear", args=[throttle.pk])
    return signed_in(user).post(address, {"reason": reason})


def test_a_back_off_is_cleared_with_a_reason(estate: Estate, throttle: Throttle) -> None:
    assert clear(estate.max, throttle, "").status_code == 200
    assert Throttle.objects.exists()
    assert clear(estate.max, throttle).status_code == 302
    assert get_in(estate, AMIRA_PIN) == estate.amira.pk
    event = Event.objects.get(action="person.pin_cleared")
    assert (event.actor_id, event.reason) == (str(estate.max.pk), "seen her passport")


@pytest.mark.parametrize("who", ["olga", "nina"])
def test_only_who_manages_a_site_clears_and_hands_over(
    estate: Estate, throttle: Throttle, who: str
) -> None:
    user = getattr(estate, who)
    assert clear(user, throttle).status_code == 404
    client = signed_in(user)
    for name in ("temporary_pin", "recovery_pin", "badge_lost"):
        assert client.get(page(estate, name)).status_code == 404
        assert client.post(page(estate, name), {"confirmed": "on"}).status_code == 404
    assert Throttle.objects.exists()
    assert not Credential.objects.exclude(purpose="personal").exists()


def test_the_list_of_back_offs_shows_ones_own_organisation_and_sites(
    estate: Estate, throttle: Throttle
) -> None:
    def shown(user: User) -> set[str]:
        answer = signed_in(user).get("/admin/access/throttle/")
        return {row.pk for row in answer.context["cl"].queryset}

    screen = Throttle.objects.create(
        key="terminal:1", kind=ThrottleKind.DEVICE, organisation=estate.organisation,
        site=estate.site, failures=5, failed_at=timezone.now(),
    )  # fmt: skip
    assert shown(estate.max) == {throttle.pk, screen.pk}
    assert shown(estate.nina) == set()


def test_the_settings_of_the_bank_and_the_organisation_are_on_their_pages(estate: Estate) -> None:
    client = signed_in(estate.max)
    bank = client.get(reverse("admin:lockers_bank_change", args=[estate.bank.pk]))
    fields = bank.context["adminform"].form.fields
    assert {"pin_rule", "curfew_from", "curfew_until"} <= set(fields)
    organisation = client.get(
        reverse("admin:lockers_organisation_change", args=[estate.organisation.pk])
    )
    assert "pin_length" in organisation.context["adminform"].form.fields
