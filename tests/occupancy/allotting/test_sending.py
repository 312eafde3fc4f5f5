"""Links by e-mail, and codes to the address that a link went to."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.jobs import send_notices
from access.models import Notice, Person
from access.services import notices
from audit.models import Event
from occupancy.errors.allotments import NotCommitted
from occupancy.models import Entry
from occupancy.services.allotting import links, sending
from tests.admin_pages import signed_in
from tests.factories import UserFactory
from tests.factories.cast import SETUP
from tests.occupancy.allotting.conftest import AUGUST, CLOSES, August

pytestmark = pytest.mark.django_db
DURING = AUGUST + dt.timedelta(days=2)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def reached(august: August) -> August:
    """The first pupil has an address, the second has a guardian with one, the others none."""
    august.opened()
    first, second = august.school.pupils[:2]
    Person.objects.filter(pk=first.pk).update(email="first@school.example")
    Person.objects.filter(pk=second.pk).update(
        guardian_name="Guard", guardian_email="guard@home.example"
    )
    return august


def send(august: August, to: str = "pupil", at: dt.datetime = DURING) -> sending.Sent:
    sent = sending.send_links(allotment=august.allotment, to=to, actor=SETUP, at=at)
    notices.send_due(at=at)
    return sent


def link_in(letter: Any) -> str:
    found = re.search(r"/wishes/([\w-]+)/", letter.body)
    assert found is not None
    return found.group(1)


def code_in(letter: Any) -> str:
    found = re.search(r"^([A-Z2-9]{4} [A-Z2-9]{4})$", letter.body, re.MULTILINE)
    assert found is not None
    return found.group(1)


def ask(link: str, at: dt.datetime = DURING) -> str:
    """Press the button behind a link; return the page."""
    with time_machine.travel(at, tick=False):
        page = Client().post(f"/wishes/{link}/", {"send": "1"}).content.decode()
    notices.send_due(at=at)
    return page


def test_pupils_get_their_link_and_who_has_no_address_is_named(reached: August) -> None:
    sent = send(reached)
    assert sent.count == 1 and sent.without == reached.school.pupils[1:]
    (letter,) = mail.outbox
    assert letter.to == ["first@school.example"]
    entry = links.entry_of(link_in(letter))
    assert entry.person == reached.school.pupils[0]
    assert "Hall lockers" in letter.subject and "24 Aug" in letter.body
    event = Event.objects.get(action="allotment.links_sent")
    assert event.data == {"allotment": "Hall lockers", "to": "pupil", "letters": 1, "without": 11}


def test_guardians_get_it_where_that_is_chosen(reached: August) -> None:
    sent = send(reached, "guardian")
    assert [letter.to for letter in mail.outbox] == [["guard@home.example"]]
    assert sent.count == 1 and reached.school.pupils[0] in sent.without


def test_the_link_comes_without_a_code_and_is_stored_nowhere(reached: August) -> None:
    send(reached)
    (letter,) = mail.outbox
    entry = Entry.objects.get(person=reached.school.pupils[0])
    assert entry.code_digest == "" and "code" in letter.body
    stored = str(list(Notice.objects.values())) + str(list(Entry.objects.values()))
    assert link_in(letter) not in stored
    assert re.search(r"[A-Z2-9]{4} ?[A-Z2-9]{4}\b", letter.body) is None


def test_a_code_is_asked_for_behind_the_link_and_lets_in_once(reached: August) -> None:
    send(reached)
    link = link_in(mail.outbox[0])
    with time_machine.travel(DURING, tick=False):
        before = Client().get(f"/wishes/{link}/").content.decode()
    assert "it goes to f•••@s•••.example, as this link did" in before
    page = ask(link)
    assert "A code is on its way to f•••@s•••.example" in page
    letter = mail.outbox[1]
    assert letter.to == ["first@school.example"] and link not in letter.body
    code = code_in(letter)
    assert code.replace(" ", "") not in str(list(Notice.objects.values()))
    browser = Client()
    with time_machine.travel(DURING + MINUTE, tick=False):
        assert browser.post(f"/wishes/{link}/", {"code": code}).status_code == 302
        assert "Your wishes" in browser.get(f"/wishes/{link}/").content.decode()
        assert Client().post(f"/wishes/{link}/", {"code": code}).status_code == 403


def test_a_code_is_good_for_an_hour(reached: August) -> None:
    send(reached)
    link = link_in(mail.outbox[0])
    ask(link)
    with time_machine.travel(DURING + 60 * MINUTE, tick=False):
        refused = Client().post(f"/wishes/{link}/", {"code": code_in(mail.outbox[1])})
    assert refused.status_code == 403


def test_behind_a_printed_link_the_answer_is_the_same_whether_there_is_an_address(
    reached: August,
) -> None:
    pages = set()
    for pupil in reached.school.pupils[:3]:
        (slip,) = links.hand_out(allotment=reached.allotment, people=[pupil.pk], at=DURING)
        page = ask(slip.link).replace(pupil.given_name, "NAME")
        assert "If this link came by e-mail, a code is on its way to the same address." in page
        pages.add(re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"', "", page))
        # The code on the paper is good still.
        links.enter(entry=links.entry_of(slip.link), code=slip.code, at=DURING)
    assert len(pages) == 1 and mail.outbox == []


def test_no_more_than_five_codes_in_a_quarter_of_an_hour_and_nobody_sees_which(
    reached: August,
) -> None:
    send(reached)
    link = link_in(mail.outbox[0])
    pages = [ask(link, DURING + at * MINUTE) for at in range(7)]
    assert len(mail.outbox) == 1 + 5
    assert all("A code is on its way to" in page for page in pages)
    ask(link, DURING + 20 * MINUTE)
    assert len(mail.outbox) == 1 + 6


def test_a_letter_that_was_printed_meanwhile_counts(reached: August) -> None:
    sending.send_links(allotment=reached.allotment, to="pupil", actor=SETUP, at=DURING)
    pupil = reached.school.pupils[0]
    (slip,) = links.hand_out(allotment=reached.allotment, people=[pupil.pk], at=DURING)
    notices.send_due(at=DURING)
    assert mail.outbox == [] and links.entry_of(slip.link).person == pupil


def test_a_letter_that_does_not_go_leaves_the_old_link_good(
    reached: August, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil = reached.school.pupils[0]
    (slip,) = links.hand_out(allotment=reached.allotment, people=[pupil.pk], at=DURING)
    with monkeypatch.context() as patch:

        def fail(*_args: object) -> None:
            raise smtplib.SMTPException

        patch.setattr(mail.EmailMultiAlternatives, "send", fail)
        send(reached)
    assert links.entry_of(slip.link).person == pupil
    notices.send_due(at=DURING + 2 * MINUTE)
    assert links.entry_of(link_in(mail.outbox[0])).person == pupil


def test_nothing_goes_to_an_address_that_is_theirs_no_more(reached: August) -> None:
    send(reached)
    link = link_in(mail.outbox[0])
    Person.objects.filter(email="first@school.example").update(email="new@school.example")
    ask(link)
    assert [letter.to for letter in mail.outbox[1:]] == [["new@school.example"]]


def everybody_reached(august: August) -> None:
    for pupil in august.school.pupils:
        Person.objects.filter(pk=pupil.pk).update(email=f"p{pupil.pk}@school.example")


def test_a_code_does_not_wait_for_the_links_of_a_whole_school(
    reached: August, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody_reached(reached)
    monkeypatch.setattr(notices, "AT_ONCE", 1)
    send(reached)
    assert len(mail.outbox) == 1 and Notice.objects.filter(sent_at=None).count() == 11
    ask(link_in(mail.outbox[0]), DURING + MINUTE)
    assert code_in(mail.outbox[1]), "the second letter is the code, eleven links come after it"


def test_as_long_as_letters_wait_they_go_on(
    reached: August,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    everybody_reached(reached)
    monkeypatch.setattr(notices, "AT_ONCE", 8)
    sending.send_links(allotment=reached.allotment, to="pupil", actor=SETUP, at=DURING)
    runs = []
    with time_machine.travel(DURING, tick=False):
        for _run in range(2):
            with django_capture_on_commit_callbacks() as asked:
                sent = send_notices()
            runs.append((sent, len(asked)))
    assert runs == [(8, 1), (4, 0)], "after eight another run is asked for, after four none"


def test_links_for_twelve_take_as_many_statements_as_for_one(
    reached: August, django_assert_num_queries: Any
) -> None:
    with CaptureQueriesContext(connection) as one:
        assert send_only(reached) == 1
    everybody_reached(reached)
    with django_assert_num_queries(len(one)):
        assert send_only(reached) == 12


def test_where_nobody_has_an_address_all_are_named(august: August) -> None:
    august.opened()
    sent = send(august)
    assert (sent.count, len(sent.without), len(mail.outbox)) == (0, 12, 0)


def send_only(august: August) -> int:
    return sending.send_links(allotment=august.allotment, to="pupil", actor=SETUP, at=DURING).count


def test_before_it_is_open_there_is_nothing_to_send(august: August) -> None:
    with pytest.raises(NotCommitted):
        send(august)


def test_afterwards_the_letter_leads_to_what_became_of_it(reached: August) -> None:
    reached.frozen()
    send(reached, at=CLOSES + MINUTE)
    assert "see what became of" in mail.outbox[0].subject


@pytest.mark.parametrize(
    ("address", "hint"),
    [("amira@school.example", "a•••@s•••.example"), ("", ""), ("me@intranet", "m•••@i•••")],
)
def test_a_hint_at_an_address_names_nobody(address: str, hint: str) -> None:
    assert sending.masked(address) == hint


@time_machine.travel(DURING, tick=False)
def test_the_office_sends_and_prints_for_the_rest(reached: August) -> None:
    office = signed_in(UserFactory(is_superuser=True))
    page = reverse("admin:occupancy_allotment_send_links", args=[reached.allotment.pk])
    assert "To" in office.get(page).content.decode()
    answer = office.post(page, {"to": "pupil"}).content.decode()
    assert "1 letter is on its way." in answer and "11 pupils have no address there" in answer
    assert str(reached.school.pupils[1]) in answer
    hidden = dict(re.findall(r'type="hidden" name="(without|registration_groups)" value="(\w+)"',
                             answer))  # fmt: skip
    paper = office.post(
        reverse("admin:occupancy_allotment_letters", args=[reached.allotment.pk]), hidden
    )
    assert hidden == {"without": "pupil"} and paper["Content-Type"] == "application/pdf"
    assert Entry.objects.exclude(link_digest="").count() == 11


@time_machine.travel(DURING, tick=False)
def test_of_one_form_only_that_form_is_sent_to_and_printed(reached: August) -> None:
    office = signed_in(UserFactory(is_superuser=True))
    page = reverse("admin:occupancy_allotment_send_links", args=[reached.allotment.pk])
    form = reached.school.form("7A")
    answer = office.post(page, {"to": "pupil", "registration_groups": [form.pk]}).content.decode()
    assert "2 pupils have no address there" in answer
    assert f'name="registration_groups" value="{form.pk}"' in answer
