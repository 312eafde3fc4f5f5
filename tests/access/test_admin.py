"""Badges, PINs and log-ins in the administration: kept as hashes, each step in the trail."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse

from access import hashing
from access.choices import CredentialKind, CredentialStatus
from access.models import Credential, Person, User
from access.services import credentials, digests
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from tests import factories
from tests.admin_pages import filled_in, signed_in
from tests.factories.cast import AMIRA_BADGE, AMIRA_PIN, BEN_BADGE, SETUP, Estate

NEW_BADGE = "7719930462"
# Long enough not to be found by chance in a time or an id.
NEW_PIN = "830562914705"


def issue_badge(user: User, person: Person, number: str) -> Any:
    address = reverse("admin:access_person_issue_badge", args=[person.pk])
    return signed_in(user).post(address, {"number": number})


def set_pin(user: User, person: Person, pin: str) -> Any:
    address = reverse("admin:access_person_set_pin", args=[person.pk])
    return signed_in(user).post(address, {"pin": pin})


def act(user: User, name: str, *chosen: Credential) -> Any:
    """Run an action of the credential list."""
    return signed_in(user).post(
        "/admin/access/credential/",
        {"action": name, "_selected_action": [one.pk for one in chosen]},
    )


def badge(person: Person) -> Credential:
    return Credential.objects.get(person=person, kind=CredentialKind.BADGE)


def active_pins(person: Person) -> list[Credential]:
    return list(
        Credential.objects.filter(
            person=person, kind=CredentialKind.PIN, status=CredentialStatus.ACTIVE
        )
    )


def status(credential: Credential) -> str:
    return Credential.objects.values_list("status", flat=True).get(pk=credential.pk)


def tables_that_hold(text: str) -> list[str]:
    """Return every table in which some column of some row holds a text, whatever its type."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            quoted = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT 1 FROM {quoted} t WHERE t::text ILIKE %s LIMIT 1", [f"%{text}%"]
            )
            if cursor.fetchone():
                found.append(table)
        return found


def test_a_text_in_the_database_would_be_found(estate: Estate) -> None:
    assert tables_that_hold("Harbour House") == ["lockers_site"]


def test_a_badge_is_kept_as_keyed_hash_and_hint(estate: Estate) -> None:
    dora = factories.PersonFactory(organisation=estate.organisation, home_site=estate.site)
    answer = issue_badge(estate.max, dora, NEW_BADGE)
    assert answer.status_code == 302
    credential = badge(dora)
    canonical = hashing.canonical_text(NEW_BADGE)
    assert credential.digest == digests.of(estate.organisation.pk, canonical)
    assert credential.digest != hashing.badge_digest(settings.BADGE_KEY, canonical)
    assert credential.hint == "0462"
    assert credential.status == CredentialStatus.ACTIVE


def test_the_number_of_a_badge_is_nowhere_in_the_database(estate: Estate) -> None:
    assert issue_badge(estate.max, estate.ben, NEW_BADGE).status_code == 302
    assert tables_that_hold(NEW_BADGE) == []


def test_issuing_a_badge_leaves_one_event_that_names_staff_and_person(estate: Estate) -> None:
    issue_badge(estate.max, estate.ben, NEW_BADGE)
    event = Event.objects.get(action=Action.CREDENTIAL_ISSUED, actor_kind="staff")
    assert event.actor_id == str(estate.max.pk)
    assert event.person_id == estate.ben.pk
    assert event.site_id == estate.site.pk
    assert event.data == {"kind": "badge"}


def test_a_badge_that_somebody_else_has_is_refused_with_a_sentence(estate: Estate) -> None:
    before = Credential.objects.count()
    answer = issue_badge(estate.max, estate.amira, BEN_BADGE)
    assert answer.status_code == 200
    assert "This badge belongs to somebody already" in answer.content.decode()
    assert Credential.objects.count() == before
    assert badge(estate.amira).hint == AMIRA_BADGE[-4:]


def test_a_refused_badge_remains_in_the_trail_without_its_number(estate: Estate) -> None:
    issue_badge(estate.max, estate.amira, BEN_BADGE)
    event = Event.objects.get(action=Action.REFUSED)
    assert (event.actor_kind, event.actor_id) == ("staff", str(estate.max.pk))
    assert event.person_id == estate.amira.pk
    assert event.site_id == estate.site.pk
    assert event.data["code"] == "badge_taken"
    assert tables_that_hold(BEN_BADGE) == []


def test_a_badge_is_taken_whatever_case_and_space_it_is_typed_with(estate: Estate) -> None:
    assert issue_badge(estate.max, estate.ben, "AB12cd34").status_code == 302
    assert issue_badge(estate.max, estate.amira, " ab12CD34 ").status_code == 200


def test_a_revoked_badge_is_not_given_to_somebody_else(estate: Estate) -> None:
    act(estate.max, "revoke", badge(estate.ben))
    answer = issue_badge(estate.max, estate.amira, BEN_BADGE)
    assert "or did once. Use another." in answer.content.decode()
    assert badge(estate.ben).status == CredentialStatus.REVOKED


def test_another_organisation_may_have_a_badge_of_the_same_number(estate: Estate) -> None:
    stranger = factories.PersonFactory(organisation=estate.other_site.organisation)
    assert issue_badge(estate.rosa, stranger, BEN_BADGE).status_code == 302
    assert badge(stranger).digest != badge(estate.ben).digest


@pytest.mark.parametrize("page", ["issue_badge", "set_pin"])
@pytest.mark.parametrize("who", ["olga", "nina"])
def test_only_who_manages_a_site_gives_badges_and_pins(estate: Estate, who: str, page: str) -> None:
    before = Credential.objects.count()
    client = signed_in(getattr(estate, who))
    posted = {"number": NEW_BADGE, "pin": NEW_PIN}
    for pk in (estate.ben.pk, 99_999_999):
        address = reverse(f"admin:access_person_{page}", args=[pk])
        assert client.get(address).status_code == 404
        assert client.post(address, posted).status_code == 404
    assert Credential.objects.count() == before


@pytest.mark.parametrize("weak", ["12345", "000000", "123456", "987654", "12ab56", "²²²²²²"])
def test_a_weak_pin_is_refused_with_a_sentence(estate: Estate, weak: str) -> None:
    (old,) = active_pins(estate.amira)
    answer = set_pin(estate.max, estate.amira, weak)
    assert answer.status_code == 200
    assert "Choose 6 to 12 digits" in answer.content.decode()
    assert active_pins(estate.amira) == [old]


def test_a_new_pin_revokes_the_old(estate: Estate) -> None:
    (old,) = active_pins(estate.amira)
    assert set_pin(estate.max, estate.amira, NEW_PIN).status_code == 302
    (new,) = active_pins(estate.amira)
    assert new != old
    assert status(old) == CredentialStatus.REVOKED
    assert hashing.pin_matches(new.verifier, NEW_PIN)
    assert not hashing.pin_matches(new.verifier, AMIRA_PIN)


def test_a_pin_is_nowhere_in_the_database_and_not_on_the_page_again(estate: Estate) -> None:
    answer = set_pin(estate.max, estate.amira, "222222")
    assert "222222" not in answer.content.decode()
    assert set_pin(estate.max, estate.amira, NEW_PIN).status_code == 302
    assert tables_that_hold(NEW_PIN) == []
    event = Event.objects.get(action=Action.CREDENTIAL_ISSUED, actor_kind="staff")
    assert event.data == {"kind": "pin"}


def test_no_page_of_a_person_or_credential_shows_a_digest_or_verifier(estate: Estate) -> None:
    client = signed_in(estate.rosa)
    (pin,) = active_pins(estate.amira)
    for address in (
        reverse("admin:access_person_change", args=[estate.amira.pk]),
        reverse("admin:access_credential_change", args=[badge(estate.amira).pk]),
        reverse("admin:access_credential_change", args=[pin.pk]),
        reverse("admin:access_credential_changelist"),
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert badge(estate.amira).digest not in text
        assert "argon2" not in text


def test_the_page_of_a_person_lists_hints_to_who_manages_the_site(estate: Estate) -> None:
    answer = signed_in(estate.max).get(
        reverse("admin:access_person_change", args=[estate.amira.pk])
    )
    (credentials_shown,) = answer.context["inline_admin_formsets"]
    assert AMIRA_BADGE[-4:] in answer.content.decode()
    assert not credentials_shown.has_add_permission
    assert not credentials_shown.formset.can_delete
    assert all(not set(form.fields) - {"id", "person"} for form in credentials_shown.formset)


def test_a_suspended_badge_is_reinstated(estate: Estate) -> None:
    credential = badge(estate.amira)
    act(estate.max, "suspend", credential)
    assert status(credential) == CredentialStatus.SUSPENDED
    act(estate.max, "reinstate", credential)
    assert status(credential) == CredentialStatus.ACTIVE
    told = Event.objects.filter(action=Action.CREDENTIAL_CHANGED).order_by("pk")
    assert [event.data["status"] for event in told] == ["suspended", "active"]
    assert {(event.actor_id, event.person_id) for event in told} == {
        (str(estate.max.pk), estate.amira.pk)
    }


def test_a_revoked_badge_is_never_reinstated(estate: Estate) -> None:
    credential = badge(estate.amira)
    act(estate.max, "revoke", credential)
    for name in ("reinstate", "suspend"):
        act(estate.max, name, credential)
        assert status(credential) == CredentialStatus.REVOKED
    assert Event.objects.filter(action=Action.CREDENTIAL_CHANGED).count() == 1


def test_suspending_one_credential_leaves_the_persons_others(estate: Estate) -> None:
    act(estate.max, "suspend", badge(estate.amira))
    assert len(active_pins(estate.amira)) == 1
    assert status(badge(estate.ben)) == CredentialStatus.ACTIVE


@pytest.mark.parametrize("who", ["olga", "nina"])
@pytest.mark.parametrize("name", ["suspend", "revoke"])
def test_only_who_manages_a_site_suspends_and_revokes(estate: Estate, who: str, name: str) -> None:
    act(getattr(estate, who), name, badge(estate.amira))
    assert status(badge(estate.amira)) == CredentialStatus.ACTIVE
    assert not Event.objects.filter(action=Action.CREDENTIAL_CHANGED).exists()


def test_an_action_on_everything_stays_within_ones_organisation(estate: Estate) -> None:
    stranger = factories.PersonFactory(organisation=estate.other_site.organisation)
    theirs = credentials.issue_badge(
        person=stranger, text="5550000001", actor=SETUP, at=dt.datetime.now(dt.UTC)
    )
    signed_in(estate.max).post(
        "/admin/access/credential/",
        {"action": "revoke", "_selected_action": [theirs.pk], "select_across": "1"},
    )
    assert status(theirs) == CredentialStatus.ACTIVE
    assert status(badge(estate.amira)) == CredentialStatus.REVOKED


def test_a_log_in_and_a_log_out_are_in_the_trail(estate: Estate) -> None:
    client = Client()
    posted = {"login": "olga", "password": "correct horse", "next": "/admin/"}
    assert client.post("/account/login/", posted).status_code == 302
    assert client.post("/admin/logout/").status_code in (200, 302)
    told = Event.objects.filter(actor_kind="staff", actor_id=str(estate.olga.pk)).order_by("pk")
    assert [event.action for event in told] == [Action.LOGGED_IN, Action.LOGGED_OUT]


def test_a_failed_log_in_is_in_the_trail_without_the_password(estate: Estate) -> None:
    posted = {"login": "olga", "password": "battery-staple-4471", "next": "/admin/"}
    assert Client().post("/account/login/", posted).status_code == 200
    (event,) = Event.objects.filter(action=Action.LOGIN_FAILED)
    assert (event.actor_kind, event.actor_id) == (Actor.anonymous().kind, "")
    assert event.subject == "user:olga"
    assert not Event.objects.filter(action=Action.LOGGED_IN).exists()
    assert tables_that_hold("battery-staple-4471") == []


def test_what_was_typed_as_a_name_that_nobody_has_is_not_kept(estate: Estate) -> None:
    posted = {
        "login": "my-password-4471" + "x" * 130,
        "password": "battery-staple-4471",
        "next": "/admin/",
    }
    assert Client().post("/account/login/", posted).status_code == 200
    (event,) = Event.objects.filter(action=Action.LOGIN_FAILED)
    assert (event.subject, event.data) == ("", {"name": "unknown"})
    assert tables_that_hold("my-password-4471") == []


def test_a_change_of_a_person_names_the_field_and_keeps_no_personal_value(
    estate: Estate,
) -> None:
    group = factories.GroupFactory(organisation=estate.organisation, name="Night shift")
    address = reverse("admin:access_person_change", args=[estate.ben.pk])
    client = signed_in(estate.max)
    typed = {"family_name": "Quillfeather", "groups": [group.pk], "needs_charging": "on"}
    assert client.post(address, filled_in(client, address, **typed)).status_code == 302
    event = Event.objects.get(action=Action.CHANGED)
    assert event.data["changed"] == {
        "family_name": "changed",
        "groups": ["", "Night shift"],
        "needs_charging": ["False", "True"],
    }
    assert "Quillfeather" not in json.dumps(event.data)


def test_a_right_on_a_site_that_somebody_is_given_is_in_the_trail(estate: Estate) -> None:
    client = signed_in(estate.rosa)
    address = reverse("admin:access_user_change", args=[estate.nina.pk])
    permission = Permission.objects.get(codename="manage_site")
    posted = filled_in(client, address)
    rows = next(name.partition("-")[0] for name in posted if name.endswith("-TOTAL_FORMS"))
    count = posted[f"{rows}-TOTAL_FORMS"]
    given = {"permission": permission.pk, "content_object": estate.other_site.pk}
    posted |= {f"{rows}-{count}-{name}": pk for name, pk in given.items()}
    answer = client.post(address, posted | {f"{rows}-TOTAL_FORMS": count + 1})
    assert answer.status_code == 302, answer.context["errors"]
    assert estate.nina.has_perm("lockers.manage_site", estate.other_site)
    event = Event.objects.get(action=Action.CHANGED)
    assert event.actor_id == str(estate.rosa.pk)
    assert event.subject == f"access.user:{estate.nina.pk}"
    (line,) = event.data["related"]
    assert line["object"].startswith("access.siteuserpermission:")
    assert line["done"] == "added"
    assert line["values"] == {
        "permission": ["", str(permission)],
        "content_object": ["", "Elsewhere"],
    }
