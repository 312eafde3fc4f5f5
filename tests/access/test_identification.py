from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import pytest

from access.choices import CredentialStatus
from access.errors.badges import UnknownBadge
from access.errors.decisions import NotAllowed
from access.errors.pins import TooManyAttempts, WrongPin
from access.models import Credential, Throttle
from access.services import credentials, identification
from access.services.shown import Where
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from tests.factories import PersonFactory
from tests.factories.cast import (
    AMIRA_BADGE,
    AMIRA_NUMBER,
    AMIRA_PIN,
    CARLA_BADGE,
    DEV_BADGE,
    Estate,
)


@pytest.fixture
def where(estate: Estate) -> Where:
    return Where(
        actor=Actor.terminal(estate.terminal.pk),
        organisation_id=estate.organisation.pk,
        site_id=estate.site.pk,
        bank_id=estate.bank.pk,
    )


def refused(call: Callable[[], object]) -> Refusal:
    """Return the refusal of a call, with what it keeps written."""
    with pytest.raises(Refusal) as caught:
        call()
    idempotency.settle(caught.value)
    return caught.value


def try_pin(where: Where, at: dt.datetime, pin: str, number: str = AMIRA_NUMBER) -> Credential:
    return identification.by_pin(personal_number=number, pin=pin, where=where, at=at)


def test_a_badge_identifies_its_person(estate: Estate, where: Where, at: dt.datetime) -> None:
    found = identification.by_badge(text=AMIRA_BADGE, where=where, at=at)
    assert found.person_id == estate.amira.pk


def test_only_a_keyed_hash_and_a_hint_of_a_badge_are_stored(estate: Estate) -> None:
    badge = estate.amira.credentials.get(kind="badge")
    assert (len(badge.digest), badge.hint) == (64, AMIRA_BADGE[-4:])
    pin = estate.amira.credentials.get(kind="pin")
    assert pin.verifier.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    stored = f"{badge.__dict__} {pin.__dict__}"
    assert AMIRA_BADGE not in stored
    assert AMIRA_PIN not in stored


def test_an_unknown_badge_is_refused_and_recorded_without_its_number(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    refusal = refused(lambda: identification.by_badge(text="9999999999", where=where, at=at))
    assert isinstance(refusal, UnknownBadge)
    event = Event.objects.get(action="request.refused")
    assert event.data["code"] == "unknown_badge"
    assert "9999999999" not in str(event.data)


@pytest.mark.parametrize(
    ("badge", "code"), [(CARLA_BADGE, "person_suspended"), (DEV_BADGE, "person_left")]
)
def test_suspended_and_former_people_are_refused_with_the_reason(
    estate: Estate, where: Where, at: dt.datetime, badge: str, code: str
) -> None:
    refusal = refused(lambda: identification.by_badge(text=badge, where=where, at=at))
    assert isinstance(refusal, NotAllowed)
    assert refusal.code == code
    assert Event.objects.get(action="request.refused").data["code"] == code


def test_a_revoked_badge_is_known_and_refused(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    badge = estate.amira.credentials.get(kind="badge")
    credentials.set_status(
        credential=badge,
        status=CredentialStatus.REVOKED,
        actor=Actor.staff(estate.max.pk),
        at=at,
    )
    refusal = refused(lambda: identification.by_badge(text=AMIRA_BADGE, where=where, at=at))
    assert refusal.code == "credential_revoked"


def test_a_badge_of_another_tenant_is_unknown(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    stranger = PersonFactory()
    credentials.issue_badge(person=stranger, text="5550000001", actor=Actor.job("tests"), at=at)
    refusal = refused(lambda: identification.by_badge(text="5550000001", where=where, at=at))
    assert isinstance(refusal, UnknownBadge)


def test_a_pin_confirms_a_personal_number_and_never_finds_somebody(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    assert try_pin(where, at, AMIRA_PIN).person_id == estate.amira.pk
    assert isinstance(refused(lambda: try_pin(where, at, AMIRA_PIN, number="")), WrongPin)
    assert isinstance(refused(lambda: try_pin(where, at, AMIRA_PIN, number="1002")), WrongPin)


def test_the_fifth_wrong_pin_waits_30_seconds_then_2_then_10_minutes(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    now = at
    for _ in range(4):
        wrong = refused(partial(try_pin, where, now, "000000"))
        assert isinstance(wrong, WrongPin)
        assert wrong.facts == {}
    fifth = refused(partial(try_pin, where, now, "000000"))
    assert (fifth.code, fifth.facts) == ("wrong_pin", {"wait_seconds": 30})
    assert str(fifth) == "That PIN does not match. You can try again in 30 seconds."
    told, waits = [], []
    for _ in range(4):
        waiting = refused(partial(try_pin, where, now, AMIRA_PIN))
        assert isinstance(waiting, TooManyAttempts)
        waits.append(waiting.facts["wait_seconds"])
        now += dt.timedelta(seconds=waits[-1])
        wrong = refused(partial(try_pin, where, now, "000000"))
        assert isinstance(wrong, WrongPin)
        told.append(wrong.facts["wait_seconds"])
    assert waits == [31, 121, 601, 601]
    assert told == [120, 600, 600, 600]


def test_guesses_at_two_terminals_count_together_and_a_right_pin_forgives(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    elsewhere = Where(Actor.terminal(999), where.organisation_id, where.site_id, where.bank_id)
    for number in range(5):
        refused(lambda n=number: try_pin(where if n % 2 else elsewhere, at, "000000"))
    assert isinstance(refused(lambda: try_pin(where, at, AMIRA_PIN)), TooManyAttempts)
    assert try_pin(where, at + dt.timedelta(seconds=31), AMIRA_PIN)
    assert not Throttle.objects.filter(key=f"person:{estate.amira.pk}").exists()


def test_one_terminal_that_guesses_at_many_people_has_to_wait(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    for number in range(5):
        refused(lambda n=number: try_pin(where, at, "000000", number=f"77{n}"))
    assert isinstance(refused(lambda: try_pin(where, at, AMIRA_PIN)), TooManyAttempts)


def test_a_badge_cannot_belong_to_two_people(estate: Estate, at: dt.datetime) -> None:
    refusal = refused(
        lambda: credentials.issue_badge(
            person=estate.ben, text=AMIRA_BADGE, actor=Actor.staff(estate.max.pk), at=at
        )
    )
    assert refusal.code == "badge_taken"
