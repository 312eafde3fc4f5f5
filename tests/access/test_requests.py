"""Access for a while: asked for, decided once and by somebody else, over by itself."""

from __future__ import annotations

import datetime as dt
import smtplib
import threading
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test import Client

from access.choices import PersonKind, RequestSource, RequestStatus
from access.errors.decisions import NotAllowed
from access.errors.visits import (
    AccessAsked,
    AccessNotNeeded,
    BadPeriod,
    OwnRequest,
    RequestDecided,
    WrongSite,
)
from access.models import AccessRequest, Notice, Person, TemporaryAccess, User
from access.services import notices, requests, temporary
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def eve(estate: Estate) -> Person:
    estate.max.email = "max@northwind.example"
    estate.max.save(update_fields=["email"])
    person: Person = factories.PersonFactory(
        organisation=estate.organisation, home_site=estate.site, given_name="Eve",
        kind=PersonKind.CONTRACTOR, email="eve@sparks.example",
    )  # fmt: skip
    return person


def ask(estate: Estate, person: Person, **changes: Any) -> AccessRequest:
    wanted: dict[str, Any] = {
        "person": person, "site": estate.site, "starts_at": MORNING, "ends_at": MORNING + 4 * HOUR,
        "reason": "rewiring", "source": RequestSource.KIOSK, "actor": SETUP, "at": MORNING,
    }  # fmt: skip
    return requests.ask(**wanted | changes)


def claim(estate: Estate, person: Person, at: dt.datetime) -> assignments.Claimed:
    with transaction.atomic():
        return assignments.claim(
            person_id=person.pk, bank_id=estate.bank.pk, wanted=Wanted(),
            actor=Actor.person(person.pk), at=at,
        )  # fmt: skip


def refusal(estate: Estate, person: Person, at: dt.datetime) -> str:
    with pytest.raises(NotAllowed) as caught:
        claim(estate, person, at)
    return caught.value.code


def test_a_contractor_without_access_gets_no_locker_and_staff_need_none(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    assert refusal(estate, eve, at) == "no_access"
    assert claim(estate, estate.amira, at).number


def test_what_is_approved_counts_from_its_beginning_to_its_end(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    asked = ask(estate, eve, starts_at=at + HOUR)
    assert refusal(estate, eve, at) == "no_access", "asking gives nothing"
    requests.approve(request=asked, user=estate.max, at=at)
    assert refusal(estate, eve, at) == "no_access", "too early"
    estate.bridge.presence.__class__.objects.update(last_seen_at=at + HOUR)
    got = claim(estate, eve, at + HOUR)
    assert got.due_at == asked.ends_at, "nobody has a door longer than they may be here"
    assert refusal(estate, eve, asked.ends_at) == "access_over"


def test_access_to_one_bank_is_none_to_another(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    other = factories.BankFactory(site=estate.site)
    requests.approve(request=ask(estate, eve, bank=other), user=estate.max, at=at)
    assert refusal(estate, eve, at) == "no_access"


def test_access_that_is_taken_back_counts_no_more(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    requests.approve(request=ask(estate, eve), user=estate.max, at=at)
    access = TemporaryAccess.objects.get()
    assert temporary.revoke(access=access, actor=SETUP, at=at, reason="done early")
    assert not temporary.revoke(access=access, actor=SETUP, at=at)
    assert refusal(estate, eve, at) == "no_access"


def test_nobody_asks_twice_for_staff_or_for_what_makes_no_sense(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    with pytest.raises(AccessNotNeeded):
        ask(estate, estate.amira)
    with pytest.raises(BadPeriod):
        ask(estate, eve, ends_at=at)
    with pytest.raises(WrongSite):
        ask(estate, eve, site=estate.other_site)
    ask(estate, eve)
    with pytest.raises(AccessAsked):
        ask(estate, eve)


def test_nobody_decides_what_they_asked_for_or_what_is_for_them(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    asked = ask(estate, eve, user_id=estate.max.pk)
    with pytest.raises(OwnRequest):
        requests.approve(request=asked, user=estate.max, at=at)
    eve.email = "ROSA@northwind.example"
    asked.person = eve
    estate.rosa.email = "rosa@northwind.example"
    with pytest.raises(OwnRequest):
        requests.approve(request=asked, user=estate.rosa, at=at)
    assert AccessRequest.objects.get().status == RequestStatus.REQUESTED


def test_what_is_decided_or_over_is_not_decided_again(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    asked = ask(estate, eve)
    with pytest.raises(RequestDecided):
        requests.approve(request=asked, user=estate.max, at=asked.ends_at)
    assert requests.status_of(asked, asked.ends_at) == RequestStatus.EXPIRED
    requests.refuse(request=asked, user=estate.max, at=at, reason="not today")
    with pytest.raises(RequestDecided):
        requests.approve(request=asked, user=estate.rosa, at=at)
    with pytest.raises(RequestDecided):
        requests.withdraw(request=asked, actor=SETUP, at=at)
    assert not TemporaryAccess.objects.exists()


def test_what_is_over_is_recorded_once(estate: Estate, eve: Person, at: dt.datetime) -> None:
    requests.approve(request=ask(estate, eve), user=estate.max, at=at)
    ask(estate, eve)
    late = at + 5 * HOUR
    assert temporary.record_ended(at=at) == requests.expire_due(at=at) == 0
    assert temporary.record_ended(at=late) == requests.expire_due(at=late) == 1
    assert temporary.record_ended(at=late) == requests.expire_due(at=late) == 0
    told = set(Event.objects.filter(occurred_at=late).values_list("action", flat=True))
    assert told == {Action.ACCESS_ENDED, Action.ACCESS_NOT_DECIDED}
    assert ask(estate, eve, starts_at=late, ends_at=late + HOUR, at=late)


def test_every_step_is_in_the_trail(estate: Estate, eve: Person, at: dt.datetime) -> None:
    requests.approve(request=ask(estate, eve), user=estate.max, at=at, reason="known to us")
    events = Event.objects.filter(person_id=eve.pk).order_by("pk")
    assert [(event.action, event.actor_id) for event in events] == [
        (Action.ACCESS_ASKED, SETUP.id),
        (Action.ACCESS_GIVEN, str(estate.max.pk)),
        (Action.ACCESS_APPROVED, str(estate.max.pk)),
    ]


def test_whoever_may_approve_is_written_to_and_who_asked_is_told(
    estate: Estate, eve: Person, at: dt.datetime
) -> None:
    for user, name in ((estate.olga, "olga"), (estate.nina, "nina")):
        user.email = f"{name}@northwind.example"
        user.save(update_fields=["email"])
    asked = ask(estate, eve, reason="Eve\r\nBcc: all@northwind.example")
    assert notices.send_due(at=at) == 1
    letter = mail.outbox[0]
    assert letter.to == ["max@northwind.example"]
    assert f"/requests/{asked.pk}/" in letter.body
    assert "\n" not in letter.subject
    assert set(letter.message().keys()) & {"Bcc", "bcc"} == set()
    requests.approve(request=asked, user=estate.max, at=at)
    assert notices.send_due(at=at) == 1
    assert mail.outbox[1].to == ["eve@sparks.example"]
    assert "/requests/" not in mail.outbox[1].body, "Eve has no log-in"
    assert notices.send_due(at=at) == 0


def test_a_mail_server_that_is_down_loses_no_letter(
    estate: Estate, eve: Person, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_args: object) -> int:
        raise smtplib.SMTPServerDisconnected("down")

    ask(estate, eve)
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", down)
        assert notices.send_due(at=at) == 0
        assert notices.send_due(at=at) == 0, "not again at once"
    notice = Notice.objects.get()
    assert (notice.tries, notice.sent_at) == (1, None)
    assert notices.send_due(at=at + notices.WAITS[0]) == 1
    assert len(mail.outbox) == 1


def _at_once(estate: Estate, decide: Any) -> list[str]:
    """Let Max and Rosa decide at the same moment; return what came of each."""
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def run(user: User) -> None:
        try:
            start.wait(5)
            decide(user)
            outcomes.append("done")
        except RequestDecided:
            outcomes.append("decided")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[user]) for user in (estate.max, estate.rosa)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_one_counts(transactional_db: None) -> None:
    estate = Estate.build(at=MORNING)
    eve = factories.PersonFactory(organisation=estate.organisation, kind=PersonKind.CONTRACTOR)
    asked = ask(estate, eve)
    both_read = threading.Barrier(2)

    def check_then_write(user: User) -> None:
        # The negative control: who looks first and writes afterwards decides twice.
        row = AccessRequest.objects.get(pk=asked.pk)
        if row.status != RequestStatus.REQUESTED:
            raise RequestDecided
        both_read.wait(5)
        AccessRequest.objects.filter(pk=asked.pk).update(
            status=RequestStatus.APPROVED, decided_at=MORNING, decided_by=user.pk
        )

    assert _at_once(estate, check_then_write) == ["done", "done"]
    AccessRequest.objects.update(status=RequestStatus.REQUESTED, decided_at=None, decided_by=None)

    def approve(user: User) -> None:
        row = AccessRequest.objects.select_related("person", "site").get(pk=asked.pk)
        requests.approve(request=row, user=user, at=MORNING)

    assert _at_once(estate, approve) == ["decided", "done"]
    assert TemporaryAccess.objects.count() == 1


def test_staff_ask_on_the_page_and_withdraw_again(
    estate: Estate, eve: Person, client: Client
) -> None:
    client.force_login(estate.olga)
    wanted = {
        "person": "EVE@sparks.example", "site": estate.site.pk, "reason": "rewiring",
        "starts_at": "2099-01-05T08:00", "ends_at": "2099-01-05T17:00",
    }  # fmt: skip
    assert (
        "No visitor or contractor"
        in client.post("/requests/new/", wanted | {"person": "1001"}).content.decode()
    )
    answer = client.post("/requests/new/", wanted)
    asked = AccessRequest.objects.get()
    assert answer["Location"] == f"/requests/{asked.pk}/"
    assert (asked.asked_by, asked.source) == (estate.olga.pk, RequestSource.WEB)
    page = client.get(f"/requests/{asked.pk}/").content.decode()
    assert "Withdraw" in page
    assert "Approve" not in page
    assert client.post(f"/requests/{asked.pk}/approve/").status_code == 404
    client.post(f"/requests/{asked.pk}/withdraw/")
    asked.refresh_from_db()
    assert asked.status == RequestStatus.WITHDRAWN


def test_requests_are_decided_in_the_list_of_the_administration(
    estate: Estate, eve: Person, client: Client
) -> None:
    asked = ask(estate, eve)
    AccessRequest.objects.update(ends_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    client.force_login(estate.max)
    address = "/admin/access/accessrequest/"
    client.post(address, {"action": "refuse", "_selected_action": [asked.pk]})
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by) == (RequestStatus.REFUSED, estate.max.pk)
