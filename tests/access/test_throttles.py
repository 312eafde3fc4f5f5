"""Wrong PINs: waited for by person, screen and organisation, and never forgotten by a restart."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from access import hashing
from access.choices import ThrottleKind
from access.errors.pins import PinDisabled, TooManyAttempts, WrongPin
from access.models import Throttle
from access.services import identification, pins, throttles
from access.services.shown import Where
from access.services.throttles import SPRAY_PEOPLE, Guess
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from tests import factories
from tests.factories.cast import AMIRA_NUMBER, AMIRA_PIN, SETUP, Estate

WRONG = "000000"
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare PINs without argon2: what counts here is how often, not how slowly."""
    monkeypatch.setattr(hashing, "pin_verifier", lambda pin: f"cheap {pin}")
    monkeypatch.setattr(hashing, "pin_matches", lambda verifier, pin: verifier == f"cheap {pin}")


def at_terminal(estate: Estate, number: int | None = None) -> Where:
    """Return a screen of the estate: the enrolled one, or another by its number."""
    return Where(
        actor=Actor.terminal(number or estate.terminal.pk),
        organisation_id=estate.organisation.pk,
        site_id=estate.site.pk,
        bank_id=estate.bank.pk,
    )


@pytest.fixture
def where(estate: Estate) -> Where:
    return at_terminal(estate)


@pytest.fixture
def amira(estate: Estate) -> Estate:
    """Give Amira her PIN anew, so that it is verified cheaply."""
    pins.set_pin(person=estate.amira, pin=AMIRA_PIN, actor=SETUP, at=dt.datetime.now(dt.UTC))
    return estate


def refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    idempotency.settle(caught.value)
    return caught.value


def try_pin(where: Where, at: dt.datetime, pin: str = WRONG, number: str = AMIRA_NUMBER) -> int:
    return identification.by_pin(personal_number=number, pin=pin, where=where, at=at).person_id


def guess_until_disabled(estate: Estate, at: dt.datetime, number: str = AMIRA_NUMBER) -> None:
    """Guess ten times wrong, each at another screen so that only the person's count matters."""
    for attempt in range(10):
        at += dt.timedelta(minutes=11)
        elsewhere = at_terminal(estate, 9000 + attempt)
        refused(partial(try_pin, elsewhere, at, number=number))


def test_at_the_tenth_wrong_pin_the_pins_are_out_of_use(amira: Estate, at: dt.datetime) -> None:
    guess_until_disabled(amira, at)
    later = at + dt.timedelta(days=20)
    refusal = refused(lambda: try_pin(at_terminal(amira, 77), later, AMIRA_PIN))
    assert isinstance(refusal, PinDisabled)
    assert str(refusal) == (
        "There were too many wrong PINs. Use your badge, or ask reception for a new PIN."
    )
    event = Event.objects.get(action="person.pin_disabled")
    assert event.person_id == amira.amira.pk


def test_the_tenth_one_itself_says_so(amira: Estate, where: Where, at: dt.datetime) -> None:
    told = []
    for _attempt in range(10):
        at += dt.timedelta(minutes=11)
        wrong = refused(partial(try_pin, where, at))
        assert isinstance(wrong, WrongPin)
        told.append(wrong.facts)
    assert told[-2:] == [{"wait_seconds": 600}, {"disabled": True}]
    assert "ask reception" in str(wrong)


def test_a_number_that_is_nobodys_cannot_be_told_apart(amira: Estate, at: dt.datetime) -> None:
    def answers(number: str, first_screen: int) -> list[tuple[str, dict[str, object]]]:
        now, found = at, []
        for attempt in range(12):
            now += dt.timedelta(minutes=11)
            where = at_terminal(amira, first_screen + attempt)
            refusal = refused(partial(try_pin, where, now, number=number))
            found.append((refusal.code, refusal.facts))
        return found

    assert answers(AMIRA_NUMBER, 8000) == answers("4040404", 8500)
    assert not Throttle.objects.filter(key__contains="4040404").exists()


def test_a_pin_of_staff_is_the_way_back(amira: Estate, at: dt.datetime) -> None:
    guess_until_disabled(amira, at)
    now = at + dt.timedelta(hours=3)
    lent = pins.lend_recovery(person=amira.amira, actor=Actor.staff(amira.max.pk), at=now)
    assert try_pin(at_terminal(amira, 77), now, lent.pin) == amira.amira.pk
    assert try_pin(at_terminal(amira, 78), now, AMIRA_PIN) == amira.amira.pk


def test_staff_clear_it_with_a_reason(amira: Estate, at: dt.datetime) -> None:
    guess_until_disabled(amira, at)
    now = at + dt.timedelta(hours=3)
    row = Throttle.objects.get(person=amira.amira)
    actor = Actor.staff(amira.max.pk)
    throttles.clear(throttle=row, reason="seen her passport", actor=actor, at=now)
    assert try_pin(at_terminal(amira, 77), now, AMIRA_PIN) == amira.amira.pk
    event = Event.objects.get(action="person.pin_cleared")
    assert (event.reason, event.person_id) == ("seen her passport", amira.amira.pk)
    assert event.data == {"failures": 10, "was_out_of_use": True}


def test_a_right_pin_that_is_over_forgives_nothing(amira: Estate, at: dt.datetime) -> None:
    # Otherwise an old temporary PIN would allow guessing at the personal one for ever.
    over = at + dt.timedelta(hours=1)
    lent = pins.lend_temporary(person=amira.amira, valid_until=over, actor=SETUP, at=at)
    for screen in range(4):
        refused(partial(try_pin, at_terminal(amira, 100 + screen), over))
    refused(lambda: try_pin(at_terminal(amira, 200), over, lent.pin))
    assert Throttle.objects.get(person=amira.amira).failures == 4


def test_a_screen_forgets_after_a_quarter_of_an_hour_and_is_never_out_of_use(
    amira: Estate, where: Where, at: dt.datetime
) -> None:
    now = at
    for number in range(14):
        now += dt.timedelta(minutes=11)
        refused(partial(try_pin, where, now, number=f"55{number}"))
    row = Throttle.objects.get(kind=ThrottleKind.DEVICE)
    assert (row.failures, row.disabled_at, row.site) == (14, None, amira.site)
    assert isinstance(refused(lambda: try_pin(where, now, AMIRA_PIN)), TooManyAttempts)
    now += dt.timedelta(minutes=15, seconds=1)
    for number in range(4):
        assert refused(partial(try_pin, where, now, number=f"66{number}")).facts == {}
    assert try_pin(where, now, AMIRA_PIN) == amira.amira.pk


def test_one_screen_that_sprays_waits_from_the_fifth_person_on(
    amira: Estate, where: Where, at: dt.datetime
) -> None:
    now, guessed = at, 0
    while now < at + dt.timedelta(hours=1):
        refusal = refused(partial(try_pin, where, now, number=f"7{guessed:03}"))
        guessed += isinstance(refusal, WrongPin)
        now += dt.timedelta(seconds=int(refusal.facts.get("wait_seconds", 1)))
    # 5 at once, then after 30 s and 2 min, then every 10 minutes.
    assert guessed <= 12


def spray(estate: Estate, at: dt.datetime, people: int = SPRAY_PEOPLE) -> None:
    """Guess once at each of many people, each time at another screen."""
    for number in range(people):
        refused(partial(try_pin, at_terminal(estate, 5000 + number), at, number=f"8{number:03}"))


def test_many_screens_that_spray_are_noticed_once_and_slowed_down(
    amira: Estate, at: dt.datetime, caplog: pytest.LogCaptureFixture
) -> None:
    spray(amira, at, SPRAY_PEOPLE - 1)
    assert not Event.objects.filter(action="organisation.pin_sprayed").exists()
    spray(amira, at, SPRAY_PEOPLE + 5)
    event = Event.objects.get(action="organisation.pin_sprayed")
    assert event.data == {"people": SPRAY_PEOPLE}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    # From now on the very first wrong PIN makes its screen wait, and only its screen.
    there = at_terminal(amira, 6000)
    wrong = refused(lambda: try_pin(there, at, number="9999"))
    assert wrong.facts == {"wait_seconds": 30}
    assert isinstance(refused(lambda: try_pin(there, at, AMIRA_PIN)), TooManyAttempts)


def test_a_spray_keeps_nobody_out_who_types_the_right_pin(amira: Estate, at: dt.datetime) -> None:
    spray(amira, at)
    assert try_pin(at_terminal(amira, 6001), at, AMIRA_PIN) == amira.amira.pk
    # Who mistypes once waits half a minute.
    there = at_terminal(amira, 6002)
    assert refused(lambda: try_pin(there, at)).facts == {"wait_seconds": 30}
    assert try_pin(there, at + dt.timedelta(seconds=31), AMIRA_PIN) == amira.amira.pk


def test_a_spray_is_over_by_itself_and_by_staff(amira: Estate, at: dt.datetime) -> None:
    spray(amira, at)
    row = Throttle.objects.get(kind=ThrottleKind.ORGANISATION)
    throttles.clear(throttle=row, reason="a drill", actor=SETUP, at=at + SECOND)
    wrong = refused(lambda: try_pin(at_terminal(amira, 6003), at + 2 * SECOND, number="9999"))
    assert wrong.facts == {}
    spray(amira, at + 3 * SECOND)
    assert Event.objects.filter(action="organisation.pin_sprayed").count() == 2
    later = at + dt.timedelta(minutes=16)
    assert refused(lambda: try_pin(at_terminal(amira, 6004), later)).facts == {}


def test_people_who_mistype_and_then_get_it_right_are_no_spray(
    estate: Estate, at: dt.datetime
) -> None:
    for number in range(SPRAY_PEOPLE + 5):
        person = factories.PersonFactory(
            organisation=estate.organisation, personal_number=f"6{number:03}"
        )
        pins.set_pin(person=person, pin="730862", actor=SETUP, at=at)
        there = at_terminal(estate, 4000 + number)
        refused(partial(try_pin, there, at, number=person.personal_number))
        assert try_pin(there, at, "730862", person.personal_number) == person.pk
    assert not Event.objects.filter(action="organisation.pin_sprayed").exists()


def test_another_organisation_notices_nothing(amira: Estate, at: dt.datetime) -> None:
    spray(amira, at)
    other = amira.other_site
    guess = Guess(other.organisation_id, other.pk, "terminal:4711", None, "1")
    assert throttles.count(guess=guess, actor=SETUP, at=at).lasts is None


def test_what_does_not_count_any_more_is_forgotten_and_who_is_out_of_use_is_not(
    amira: Estate, where: Where, at: dt.datetime
) -> None:
    guess_until_disabled(amira, at)
    refused(lambda: try_pin(where, at, number="31337"))
    throttles.purge(at=at + dt.timedelta(days=60))
    assert [row.person for row in Throttle.objects.all()] == [amira.amira]


THREADS = 8


def at_once(work: Callable[[int], object]) -> list[object]:
    """Run the work in threads with a connection each; return results and refusals."""

    def run(number: int) -> object:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_instant_are_all_counted_and_told_nothing_more(
    transactional_db: None, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = Estate.build(at=at)
    barrier = threading.Barrier(THREADS)
    waited = threading.local()

    def all_at_once(verifier: str | None, pin: str) -> bool:
        if not getattr(waited, "here", False):
            waited.here = True
            barrier.wait(10)
        return False

    monkeypatch.setattr(hashing, "pin_matches", all_at_once)

    def guess(number: int) -> Reply:
        return idempotency.once(
            scope="terminal:test",
            key=f"guess-{number:04}",
            request=str(number),
            work=lambda: Reply(200, {"person": try_pin(at_terminal(estate, 3000 + number), at)}),
        )

    replies = at_once(guess)
    assert {reply.status for reply in replies if isinstance(reply, Reply)} <= {403, 429}
    assert Throttle.objects.get(person=estate.amira).failures == THREADS
    assert isinstance(refused(lambda: try_pin(at_terminal(estate, 1), at, AMIRA_PIN)), Refusal)


@pytest.mark.django_db(transaction=True)
def test_counting_by_reading_and_writing_back_would_lose_guesses(
    transactional_db: None, at: dt.datetime
) -> None:
    """The control: what the one statement is for."""
    estate = Estate.build(at=at)
    key = f"person:{estate.amira.pk}"
    Throttle.objects.create(
        key=key, kind=ThrottleKind.PERSON, organisation=estate.organisation, failed_at=at
    )
    barrier = threading.Barrier(THREADS)

    def naive(number: int) -> None:
        row = Throttle.objects.get(pk=key)
        barrier.wait(10)
        row.failures += 1
        row.save()

    at_once(naive)
    assert Throttle.objects.get(pk=key).failures < THREADS


@pytest.mark.django_db(transaction=True)
def test_a_key_used_again_with_another_pin_is_a_guess_too(
    transactional_db: None, at: dt.datetime
) -> None:
    estate = Estate.build(at=at)
    pins.set_pin(person=estate.amira, pin=AMIRA_PIN, actor=SETUP, at=at)
    there = at_terminal(estate)

    def ask(pin: str) -> Reply:
        return idempotency.once(
            scope="terminal:test", key="the-same-key", request=pin,
            work=lambda: Reply(200, {"person": try_pin(there, at, pin)}),
        )  # fmt: skip

    assert ask("111222").status == 403
    for pin in ("111223", "111224"):
        with pytest.raises(Refusal, match="already used for a different request"):
            ask(pin)
    assert Throttle.objects.get(person=estate.amira).failures == 3
