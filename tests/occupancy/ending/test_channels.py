"""Warnings by another channel than e-mail, to a real server: once, again when it failed."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from django.core import mail
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from access.models import Notice, NoticeRules
from access.services import notices, telling
from audit.models import Event
from occupancy.models import PolicyWarning
from occupancy.services.ending import warnings
from tests import servers
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending import channels
from tests.occupancy.ending.channels import Peer
from tests.occupancy.ending.held import HOUR, MINUTE, hold, policy, with_mail

TITLE = "Locker 1, bank A: until Tue 17 Nov, 17:00"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with channels.listening() as made:
        yield made


def warned(estate: Estate, at: dt.datetime, peer: Peer) -> dt.datetime:
    """Let a policy warn by the site's channel two hours before the end; return that instant."""
    rules = NoticeRules.objects.create(organisation=estate.organisation, site=estate.site)
    telling.set_channel(rules=rules, address=peer.address, actor=SETUP, at=at)
    with_mail(estate.amira)
    under = policy(estate)
    under.warnings.all().delete()
    PolicyWarning.objects.create(policy=under, before=2 * HOUR, channel="other")
    hold(estate, under, at, at + 8 * HOUR)
    return at + 6 * HOUR


def test_it_is_posted_once_with_its_words_and_to_whom(
    estate: Estate, at: dt.datetime, peer: Peer
) -> None:
    when = warned(estate, at, peer)
    assert warnings.warn_due(at=when) == 1
    assert notices.send_due(at=when) == 1
    assert notices.send_due(at=when + MINUTE) == 0
    assert peer.titles == [TITLE]
    assert peer.got[0]["path"] == "/lockers/amira@northwind.example"
    assert mail.outbox == []
    assert Event.objects.get(action="notice.sent").data["by"] == "other"


def test_a_channel_that_fails_is_reported_and_tried_again_and_holds_up_no_letter(
    estate: Estate, at: dt.datetime, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    when = warned(estate, at, peer)
    under = PolicyWarning.objects.get(channel="other").policy
    PolicyWarning.objects.create(policy=under, before=2 * HOUR)
    peer.answers = 500
    assert warnings.warn_due(at=when) == 2
    assert notices.send_due(at=when) == 1
    assert [letter.subject for letter in mail.outbox] == [TITLE]
    # Among what waits, for whoever runs the place.
    monkeypatch.setattr(timezone, "now", lambda: when)
    estate.rosa.is_staff = True
    page = signed_in(estate.rosa).get(reverse("admin:index"))
    waiting = {one["name"]: one["count"] for one in page.context["waiting"]}
    assert waiting["Letters that could not be sent"] == 1
    assert notices.send_due(at=when) == 0, "not before its time"
    peer.answers = 200
    assert notices.send_due(at=when + MINUTE) == 1
    assert notices.send_due(at=when + 10 * MINUTE) == 0
    assert peer.titles == [TITLE, TITLE], "refused once, taken once"
    assert not Notice.objects.filter(notices.stuck(when + MINUTE)).exists()


def test_after_the_end_nobody_is_warned_any_more_by_a_channel_that_comes_back(
    estate: Estate, at: dt.datetime, peer: Peer
) -> None:
    when = warned(estate, at, peer)
    warnings.warn_due(at=when)
    peer.answers = 500
    notices.send_due(at=when)
    peer.answers = 200
    assert notices.send_due(at=at + 8 * HOUR) == 0
    assert len(peer.got) == 1


def test_a_letter_that_cannot_be_written_is_put_off_and_the_others_go(
    estate: Estate, at: dt.datetime, peer: Peer
) -> None:
    when = warned(estate, at, peer)
    warnings.warn_due(at=when)
    # Older than the other, and so the first to be looked at, always.
    Notice.objects.create(
        kind="claim_ends", to="x@example.org", site=estate.site, subject="claim:none", facts={},
        made_at=at, try_at=at,
    )  # fmt: skip
    assert notices.send_due(at=when) == 1
    assert Notice.objects.get(notices.stuck(when)).subject == "claim:none"


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_post_it_once(
    transactional_db: None, at: dt.datetime, peer: Peer
) -> None:
    estate = Estate.build(at=at)
    when = warned(estate, at, peer)
    warnings.warn_due(at=when)
    sent: list[int] = []

    def send() -> None:
        sent.append(notices.send_due(at=when))
        connections.close_all()

    peer.may_answer.clear()
    first = threading.Thread(target=send)
    first.start()
    servers.until(lambda: len(peer.got) == 1)
    # The first is on the line: the second finds nothing to send, and does not wait.
    assert notices.send_due(at=when) == 0
    peer.may_answer.set()
    first.join(10)
    assert sent == [1]
    assert peer.titles == [TITLE]
