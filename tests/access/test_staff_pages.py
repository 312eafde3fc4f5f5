"""The staff page: inviting somebody, giving and taking roles, and what it does not let happen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from access.models import RoleAssignment, User
from access.roles import StaffRole
from access.services import staff
from audit.actions import Action
from audit.models import Event
from tests import factories
from tests.admin_pages import signed_in
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

LIST = "/admin/access/roleassignment/"
ADD = f"{LIST}add/"


def invitation(estate: Estate, **changes: Any) -> dict[str, Any]:
    return {
        "email": "ines@northwind.example",
        "given_name": "Ines",
        "family_name": "Reception",
        "role": StaffRole.RECEPTION,
        "place": f"site:{estate.site.pk}",
        **changes,
    }


def given(user: User, role: str, place: staff.Place) -> RoleAssignment:
    return staff.give(user=user, role=role, place=place, at=MORNING, giver=None, actor=SETUP)


def test_a_site_manager_invites_somebody_who_sets_a_password_and_logs_in(estate: Estate) -> None:
    answer = signed_in(estate.max).post(ADD, invitation(estate))
    assert answer.status_code == 302
    ines = User.objects.get(email="ines@northwind.example")
    assert (ines.is_staff, ines.is_superuser, ines.has_usable_password()) == (True, False, False)
    (letter,) = mail.outbox
    assert letter.to == ["ines@northwind.example"]
    assert "Harbour House" in letter.body
    found = re.search(r"http://testserver(/\S+)", letter.body)
    assert found is not None
    browser = Client()
    page = browser.get(found[1], follow=True)
    assert page.status_code == 200
    typed = {"password1": "a fresh start 81", "password2": "a fresh start 81"}
    browser.post(page.redirect_chain[-1][0], typed)
    browser = Client()
    browser.post("/account/login/", {"login": ines.email, "password": "a fresh start 81"})
    assert browser.get(f"/map/{estate.site.pk}/").status_code == 200
    assert browser.get("/admin/access/user/").status_code in (403, 404)
    assert Client().get(found[1], follow=True).context.get("token_fail"), "a link works once"


def test_what_was_done_is_in_the_trail(estate: Estate) -> None:
    signed_in(estate.max).post(ADD, invitation(estate))
    told = Event.objects.filter(action__in=[Action.INVITED, Action.ROLE_GIVEN])
    assert {(event.actor_id, event.site_id) for event in told} == {
        (str(estate.max.pk), estate.site.pk)
    }
    assert "ines" not in str([(event.subject, event.data) for event in told])


@pytest.mark.parametrize("role", [StaffRole.SITE_MANAGER, StaffRole.FACILITIES])
def test_a_site_manager_is_refused_to_give_more_than_they_have(estate: Estate, role: str) -> None:
    answer = signed_in(estate.max).post(ADD, invitation(estate, role=role))
    assert answer.status_code == 200
    assert "what you may do there yourself" in answer.content.decode()
    assert not RoleAssignment.objects.exists()
    assert not User.objects.filter(email="ines@northwind.example").exists()
    assert mail.outbox == []
    assert Event.objects.get(action=Action.REFUSED).data["code"] == "role_too_high"


@pytest.mark.parametrize("place", ["other_site", "organisation"])
def test_a_site_manager_is_offered_only_their_own_places(estate: Estate, place: str) -> None:
    level = "site" if place == "other_site" else "organisation"
    posted = invitation(estate, place=f"{level}:{getattr(estate, place).pk}")
    answer = signed_in(estate.max).post(ADD, posted)
    assert answer.status_code == 200
    assert not RoleAssignment.objects.exists()
    assert estate.other_site.name not in answer.content.decode()


def test_an_organisation_admin_gives_a_role_on_every_site(estate: Estate) -> None:
    boss: User = factories.UserFactory(username="boss")
    given(boss, StaffRole.ORGANISATION_ADMIN, estate.organisation)
    posted = invitation(
        estate, role=StaffRole.SITE_MANAGER, place=f"organisation:{estate.organisation.pk}"
    )
    assert signed_in(boss).post(ADD, posted).status_code == 302
    assert RoleAssignment.objects.filter(organisation=estate.organisation).count() == 2


def test_who_is_known_already_gets_the_role_and_no_second_log_in(estate: Estate) -> None:
    estate.nina.email = "nina@southwind.example"
    estate.nina.save()
    signed_in(estate.max).post(ADD, invitation(estate, email="Nina@southwind.example"))
    assert RoleAssignment.objects.get().user == estate.nina
    assert "/account/login/" in mail.outbox[0].body


@pytest.mark.parametrize("who", ["olga", "nina"])
def test_whoever_gives_no_roles_finds_no_staff_page(estate: Estate, who: str) -> None:
    client = signed_in(getattr(estate, who))
    assert client.get(LIST).status_code == 404
    assert client.get(ADD).status_code == 404
    assert client.post(ADD, invitation(estate)).status_code == 404


def test_a_list_shows_the_staff_of_ones_own_site(estate: Estate) -> None:
    ours: User = factories.UserFactory(email="ours@northwind.example")
    theirs: User = factories.UserFactory(email="theirs@southwind.example")
    above: User = factories.UserFactory(email="above@northwind.example")
    given(ours, StaffRole.RECEPTION, estate.site)
    given(theirs, StaffRole.RECEPTION, estate.other_site)
    given(above, StaffRole.ORGANISATION_ADMIN, estate.organisation)
    listed = signed_in(estate.max).get(LIST).content.decode()
    assert "ours@northwind" in listed
    assert "theirs@" not in listed
    assert "above@" not in listed


def test_a_site_manager_takes_what_they_could_give_and_no_more(estate: Estate) -> None:
    one = given(factories.UserFactory(), StaffRole.RECEPTION, estate.site)
    equal = given(factories.UserFactory(), StaffRole.SITE_MANAGER, estate.site)
    client = signed_in(estate.max)
    assert client.post(f"{LIST}{one.pk}/delete/", {"post": "yes"}).status_code == 302
    assert client.post(f"{LIST}{equal.pk}/delete/", {"post": "yes"}).status_code == 404
    posted = {"action": "delete_selected", "_selected_action": [equal.pk], "post": "yes"}
    client.post(LIST, posted)
    assert list(RoleAssignment.objects.all()) == [equal]
    assert Event.objects.get(action=Action.ROLE_TAKEN).actor_id == str(estate.max.pk)


def test_a_letter_is_sent_again_to_whoever_lost_it(estate: Estate) -> None:
    client = signed_in(estate.max)
    client.post(ADD, invitation(estate))
    sent = RoleAssignment.objects.get()
    client.post(LIST, {"action": "send_again", "_selected_action": [sent.pk]})
    assert len(mail.outbox) == 2


def test_a_mail_server_that_is_away_costs_nobody_the_role(estate: Estate, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = signed_in(estate.max).post(ADD, invitation(estate), follow=True)
    assert "mail server does not answer" in answer.content.decode()
    assert RoleAssignment.objects.count() == 1
