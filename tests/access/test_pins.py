"""PINs of every purpose: what is weak, shown once or used up, and how long a check takes."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from access import hashing
from access.choices import CredentialPurpose, CredentialStatus
from access.errors.decisions import NotAllowed
from access.errors.pins import WeakPin, WrongPin
from access.models import Credential
from access.services import credentials, identification, pins
from access.services.identification import Identified
from access.services.shown import Where
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from tests.factories.cast import (
    AMIRA_BADGE,
    AMIRA_NUMBER,
    AMIRA_PIN,
    BEN_BADGE,
    SETUP,
    Estate,
)

NEW_PIN = "730862"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def where(estate: Estate) -> Where:
    return somewhere(estate)


def somewhere(estate: Estate, pin_rule: str = "never") -> Where:
    return Where(
        Actor.terminal(estate.terminal.pk),
        estate.organisation.pk,
        estate.site.pk,
        estate.bank.pk,
        pin_rule,
    )


def refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    idempotency.settle(caught.value)
    return caught.value


def try_pin(where: Where, at: dt.datetime, pin: str, number: str = AMIRA_NUMBER) -> Identified:
    return identification.by_pin(personal_number=number, pin=pin, where=where, at=at)


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("12345", "length"),
        ("1234567890123", "length"),
        ("12a456", "length"),
        ("²²²²²²", "length"),
        ("111111", "pattern"),
        ("123123", "pattern"),
        ("19901990", "pattern"),
        ("123456", "pattern"),
        ("987654", "pattern"),
        ("890123", "pattern"),
        ("271001", "own_number"),
        ("01011990", "date"),
        ("12312005", "date"),
        ("20051231", "date"),
        ("240676", "date"),
        ("062476", "date"),
        ("760624", "date"),
        ("147258", "common"),
    ],
)
def test_pins_that_would_be_guessed_are_refused(pin: str, why: str) -> None:
    assert pins.weakness(pin, least=6, personal_number="1001") == why


@pytest.mark.parametrize("pin", ["274951", "830264", "73086215", "482913057712"])
def test_others_are_good(pin: str) -> None:
    assert pins.weakness(pin, least=6, personal_number="1001") is None


@given(st.integers(6, 12), st.text(max_size=14))
def test_nothing_but_digits_of_the_right_length_is_ever_good(least: int, pin: str) -> None:
    if pins.weakness(pin, least=least) is None:
        assert pin.isascii()
        assert pin.isdigit()
        assert least <= len(pin) <= 12


def test_a_short_personal_number_keeps_no_pin_from_anybody() -> None:
    assert pins.weakness("274951", least=6, personal_number="7") is None


def test_the_organisation_says_how_short_a_pin_may_be(estate: Estate, at: dt.datetime) -> None:
    estate.organisation.pin_length = 8
    estate.organisation.save()
    estate.amira.refresh_from_db()
    refusal = refused(lambda: pins.set_pin(person=estate.amira, pin=NEW_PIN, actor=SETUP, at=at))
    assert isinstance(refusal, WeakPin)
    assert str(refusal) == "Choose 8 to 12 digits, and nothing but digits."
    # What was given before still works.
    assert try_pin(somewhere(estate), at, AMIRA_PIN)


def test_each_purpose_has_its_own_pin_and_all_of_them_work(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    temporary = pins.lend_temporary(person=estate.amira, valid_until=at + HOUR, actor=SETUP, at=at)
    recovery = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at)
    assert len({AMIRA_PIN, temporary.pin, recovery.pin}) == 3
    purposes = [try_pin(where, at, pin).purpose for pin in (AMIRA_PIN, temporary.pin, recovery.pin)]
    assert purposes == ["personal", "temporary", "recovery"]


def test_a_new_one_of_a_purpose_ends_the_old(estate: Estate, where: Where, at: dt.datetime) -> None:
    first = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at)
    second = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at)
    assert isinstance(refused(lambda: try_pin(where, at, first.pin)), WrongPin)
    assert try_pin(where, at, second.pin)


def test_a_lent_pin_is_strong_and_nowhere_in_the_register_or_the_trail(
    estate: Estate, at: dt.datetime
) -> None:
    for _time in range(3):
        lent = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at)
        assert len(lent.pin) == 8
        assert pins.weakness(lent.pin, least=8, personal_number=AMIRA_NUMBER) is None
        assert lent.pin not in str(lent.credential.__dict__)
        assert lent.pin not in str(list(Event.objects.values()))


def test_a_temporary_pin_is_over_at_its_end(estate: Estate, where: Where, at: dt.datetime) -> None:
    lent = pins.lend_temporary(person=estate.amira, valid_until=at + HOUR, actor=SETUP, at=at)
    assert try_pin(where, at + HOUR - dt.timedelta(seconds=1), lent.pin)
    refusal = refused(lambda: try_pin(where, at + HOUR, lent.pin))
    assert isinstance(refusal, NotAllowed)
    assert str(refusal) == "This PIN is not valid any more. Ask reception for a new one."


@pytest.mark.parametrize("lasts", [dt.timedelta(0), -HOUR, dt.timedelta(days=32)])
def test_a_temporary_pin_needs_a_sensible_end(
    estate: Estate, at: dt.datetime, lasts: dt.timedelta
) -> None:
    with pytest.raises(ValueError, match="temporary PIN"):
        pins.lend_temporary(person=estate.amira, valid_until=at + lasts, actor=SETUP, at=at)


def test_a_recovery_pin_works_once_and_for_a_day_at_most(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    lent = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at, lasts=dt.timedelta(days=9))
    assert lent.credential.valid_until == at + dt.timedelta(hours=24)
    assert try_pin(where, at, lent.pin).purpose == CredentialPurpose.RECOVERY
    assert isinstance(refused(lambda: try_pin(where, at, lent.pin)), WrongPin)
    event = Event.objects.get(action="credential.changed")
    assert (event.reason, event.data["status"]) == ("used", "revoked")
    late = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at)
    after = at + dt.timedelta(hours=24)
    assert refused(lambda: try_pin(where, after, late.pin)).code == "credential_over"


def test_a_recovery_pin_of_somebody_on_hold_is_not_used_up(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    lent = pins.lend_recovery(person=estate.carla, actor=SETUP, at=at)
    refusal = refused(lambda: try_pin(where, at, lent.pin, "1003"))
    assert refusal.code == "person_suspended"
    lent.credential.refresh_from_db()
    assert lent.credential.status == CredentialStatus.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_a_recovery_pin_at_once_one_gets_in(
    transactional_db: None, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = Estate.build(at=at)
    lent = pins.lend_recovery(person=estate.amira, actor=SETUP, at=at)
    barrier = threading.Barrier(2)
    matches = hashing.pin_matches
    places = threading.local()

    def at_once(verifier: str | None, pin: str) -> bool:
        found = matches(verifier, pin)
        places.done = getattr(places, "done", 0) + 1
        if places.done == len(CredentialPurpose):
            barrier.wait(20)
        return found

    monkeypatch.setattr(hashing, "pin_matches", at_once)

    def use(number: int) -> int:
        try:
            return idempotency.once(
                scope="terminal:test",
                key=f"recovery-{number}",
                request="recovery",
                work=lambda: idempotency.Reply(
                    200, {"person": try_pin(somewhere(estate), at, lent.pin).person_id}
                ),
            ).status
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [200, 403]


@pytest.mark.parametrize(
    ("number", "pin"),
    [(AMIRA_NUMBER, AMIRA_PIN), (AMIRA_NUMBER, "000000"), ("1002", "000000"), ("4711", "000000")],
    ids=["right", "wrong", "without a PIN", "nobody"],
)
def test_as_many_verifiers_are_tried_whoever_it_is(
    estate: Estate,
    where: Where,
    at: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    pin: str,
) -> None:
    tried: list[bool] = []
    matches = hashing.pin_matches

    def counted(verifier: str | None, typed: str) -> bool:
        tried.append(True)
        return matches(verifier, typed)

    monkeypatch.setattr(hashing, "pin_matches", counted)
    with contextlib.suppress(WrongPin):
        try_pin(where, at, pin, number)
    assert len(tried) == len(CredentialPurpose)


def test_the_own_pin_is_changed_by_the_old_one(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    person = estate.amira.pk
    wrong = refused(
        lambda: pins.change_own(person_id=person, old="999111", new=NEW_PIN, where=where, at=at)
    )
    assert str(wrong) == "That PIN does not match. Try again."
    pins.change_own(person_id=person, old=AMIRA_PIN, new=NEW_PIN, where=where, at=at)
    assert try_pin(where, at, NEW_PIN)
    assert isinstance(refused(lambda: try_pin(where, at, AMIRA_PIN)), WrongPin)
    event = Event.objects.filter(action="credential.issued").latest("id")
    assert (event.actor_kind, event.actor_id, event.data) == (
        "person",
        str(person),
        {"kind": "pin"},
    )


def test_a_changed_pin_must_be_good_and_another_one(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    def change(new: str) -> Refusal:
        return refused(
            lambda: pins.change_own(
                person_id=estate.amira.pk, old=AMIRA_PIN, new=new, where=where, at=at
            )
        )

    assert change("010190").facts == {"why": "date", "least": 6}
    assert change(AMIRA_PIN).facts["why"] == "same"


def test_a_temporary_pin_is_changed_into_an_own_one(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    assert not pins.has_own(person_id=estate.ben.pk, at=at)
    lent = pins.lend_temporary(person=estate.ben, valid_until=at + HOUR, actor=SETUP, at=at)
    assert pins.has_own(person_id=estate.ben.pk, at=at)
    pins.change_own(person_id=estate.ben.pk, old=lent.pin, new=NEW_PIN, where=where, at=at)
    assert isinstance(refused(lambda: try_pin(where, at, lent.pin, "1002")), WrongPin)
    assert try_pin(where, at + 2 * HOUR, NEW_PIN, "1002").purpose == CredentialPurpose.PERSONAL


def test_a_bank_that_asks_for_the_pin_takes_no_badge_alone(estate: Estate, at: dt.datetime) -> None:
    strict = somewhere(estate, "always")
    alone = refused(lambda: identification.by_badge(text=AMIRA_BADGE, where=strict, at=at))
    assert alone.code == "pin_required"
    found = identification.by_badge(text=AMIRA_BADGE, pin=AMIRA_PIN, where=strict, at=at)
    assert (found.person_id, found.decision.allowed) == (estate.amira.pk, True)
    assert "badge, PIN shown" in str(found.decision.log())


def test_a_bank_that_asks_for_both_takes_no_pin_alone_but_a_recovery_pin(
    estate: Estate, at: dt.datetime
) -> None:
    """Personal numbers are no secret: number and PIN are one factor."""
    strict = somewhere(estate, "always")
    alone = refused(
        lambda: identification.by_pin(
            personal_number=AMIRA_NUMBER, pin=AMIRA_PIN, where=strict, at=at
        )
    )
    assert alone.code == "badge_required"
    easy = somewhere(estate, "plain")
    identification.by_pin(personal_number=AMIRA_NUMBER, pin=AMIRA_PIN, where=easy, at=at)


def test_somebody_elses_pin_does_not_help_a_badge(estate: Estate, at: dt.datetime) -> None:
    strict = somewhere(estate, "always")
    wrong = refused(
        lambda: identification.by_badge(text=BEN_BADGE, pin=AMIRA_PIN, where=strict, at=at)
    )
    assert isinstance(wrong, WrongPin)
    assert Event.objects.get(action="person.pin_wrong").person_id == estate.ben.pk


def test_a_suspended_badge_is_refused_before_any_pin_is_looked_at(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    badge = estate.amira.credentials.get(kind="badge")
    credentials.set_status(
        credential=badge, status=CredentialStatus.SUSPENDED, actor=SETUP, at=at, reason="lost"
    )
    monkeypatch.delattr(hashing, "pin_matches")
    strict = somewhere(estate, "always")
    refusal = refused(
        lambda: identification.by_badge(text=AMIRA_BADGE, pin=AMIRA_PIN, where=strict, at=at)
    )
    assert refusal.code == "credential_suspended"


def test_a_waiting_badge_is_asked_for_its_pin_however_it_was_read(
    estate: Estate, at: dt.datetime
) -> None:
    # The register knows a secure card; the reader that it was held to read its plain number.
    badge = estate.amira.credentials.get(kind="badge")
    Credential.objects.filter(pk=badge.pk).update(assurance="secure")
    plain = somewhere(estate, "plain")
    refusal = refused(
        lambda: identification.by_credential(credential_id=badge.pk, pin=None, where=plain, at=at)
    )
    assert refusal.code == "pin_required"


def test_a_lent_pin_without_an_end_cannot_be_stored(estate: Estate, at: dt.datetime) -> None:
    with pytest.raises(IntegrityError, match="access_pin_that_is_lent_has_an_end"):
        pins.set_pin(
            person=estate.ben, pin=NEW_PIN, purpose=CredentialPurpose.TEMPORARY, actor=SETUP, at=at
        )
