"""Combinations: sealed, shown one by one with a record, advanced at the end of a term."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from access.errors.combinations import (
    BadCombination,
    CombinationsSealed,
    LocksChanged,
    NoCombination,
)
from access.models import Combination, Lock
from access.services import combinations
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from config import env
from lockers import sealing
from tests.access.cabinet import Cabinet
from tests.factories.cast import Estate

NEW, OLD = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Cabinet:
    cabinet = Cabinet.build(estate, at)
    store(cabinet.dial, estate, at, {1: "4711", 2: "08-15-23", 3: "9002"})
    return cabinet


def store(lock: Lock, estate: Estate, at: dt.datetime, texts: dict[int, str]) -> None:
    combinations.store(lock=lock, combinations=texts, actor=Actor.staff(estate.max.pk), at=at)
    lock.refresh_from_db()


def show(lock: Lock, estate: Estate, at: dt.datetime) -> str:
    return combinations.show(
        lock=lock, reason="holder forgot it", actor=Actor.staff(estate.max.pk), at=at
    ).combination


def advance(locks: Any, estate: Estate, at: dt.datetime, expected: str | None = None) -> Any:
    return combinations.advance(
        locks=locks, reason="end of term", actor=Actor.staff(estate.max.pk), at=at,
        expected=expected or combinations.fingerprint(combinations.plan(locks)),
    )  # fmt: skip


def test_a_combination_is_sealed_in_the_database(cabinet: Cabinet) -> None:
    kept = list(Combination.objects.values_list("sealed", flat=True))
    assert len(kept) == 3
    assert all(text.startswith("gAAAA") for text in kept)
    assert not any(word in " ".join(kept) for word in ("4711", "0815", "9002"))


def test_every_look_is_recorded_with_its_reason_and_without_the_combination(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    assert show(cabinet.dial, estate, at) == "4711"
    assert show(cabinet.dial, estate, at) == "4711"
    told = Event.objects.filter(action=Action.COMBINATION_VIEWED)
    assert [event.reason for event in told] == ["holder forgot it"] * 2
    assert {event.actor_id for event in told} == {str(estate.max.pk)}
    assert {event.compartment_id for event in told} == {cabinet.dial.compartment_id}
    trail = json.dumps(list(Event.objects.values_list("data", "reason", "subject")))
    assert not any(word in trail for word in ("4711", "08-15", "9002"))


def test_without_a_stored_combination_nothing_is_shown_or_recorded(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(NoCombination):
        show(cabinet.first, estate, at)
    assert not Event.objects.filter(action=Action.COMBINATION_VIEWED).exists()


@pytest.mark.parametrize("keys", [[], [OLD]])
def test_without_the_right_key_nothing_is_shown(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, settings: Any, keys: list[str]
) -> None:
    settings.COMBINATION_KEYS = keys
    with pytest.raises(CombinationsSealed) as refusal:
        show(cabinet.dial, estate, at)
    assert "LOCKWRIGHT_COMBINATION_KEYS" in str(refusal.value)
    with pytest.raises(CombinationsSealed):
        advance(Lock.objects.all(), estate, at)
    cabinet.dial.refresh_from_db()
    assert cabinet.dial.position == 1


def test_without_a_key_nothing_is_stored(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, settings: Any
) -> None:
    settings.COMBINATION_KEYS = []
    with pytest.raises(CombinationsSealed):
        store(cabinet.first, estate, at, {1: "1234"})
    assert Combination.objects.count() == 3


@pytest.mark.parametrize(
    "texts",
    [{0: "1234"}, {10: "1234"}, {1: "12"}, {1: "12a4"}, {1: ""}, {1: "1" * 13}, {1: "1 2 3 4"}],
)
def test_what_no_dial_can_be_set_to_is_refused(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, texts: dict[int, str]
) -> None:
    with pytest.raises(BadCombination):
        store(cabinet.first, estate, at, texts)


def test_a_token_moved_to_another_lock_does_not_open_there(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    store(cabinet.first, estate, at, {1: "5555"})
    stolen = Combination.objects.get(lock=cabinet.dial, position=1).sealed
    Combination.objects.filter(lock=cabinet.first).update(sealed=stolen)
    with pytest.raises(CombinationsSealed):
        show(cabinet.first, estate, at)


def test_an_advance_goes_through_the_stored_ones_and_begins_again(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    locks = Lock.objects.filter(pk=cabinet.dial.pk)
    shown = [advance(locks, estate, at)[0].combination for _ in range(4)]
    assert shown == ["08-15-23", "9002", "4711", "08-15-23"]
    told = Event.objects.filter(action=Action.COMBINATION_ADVANCED).order_by("pk")
    assert [event.data["position"] for event in told] == [2, 3, 1, 2]
    assert {event.reason for event in told} == {"end of term"}


def test_an_advance_leaves_locks_with_one_combination_or_none(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    store(cabinet.first, estate, at, {4: "1234"})
    steps = combinations.plan(Lock.objects.all())
    assert {(step.lock, step.before, step.after) for step in steps} == {
        (cabinet.dial, 1, 2), (cabinet.first, 4, 4),
    }  # fmt: skip
    assert [line.lock for line in advance(Lock.objects.all(), estate, at)] == [cabinet.dial]
    with pytest.raises(NoCombination):
        advance(Lock.objects.filter(pk=cabinet.first.pk), estate, at)


def test_two_who_advance_from_the_same_plan_advance_once(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    locks = Lock.objects.all()
    looked_at = combinations.fingerprint(combinations.plan(locks))
    advance(locks, estate, at, looked_at)
    with pytest.raises(LocksChanged):
        advance(locks, estate, at, looked_at)
    cabinet.dial.refresh_from_db()
    assert cabinet.dial.position == 2


def test_advancing_many_locks_takes_as_many_reads_as_advancing_one(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, django_assert_max_num_queries: Any
) -> None:
    store(cabinet.first, estate, at, {1: "1111", 2: "2222"})
    store(cabinet.second, estate, at, {1: "1111", 2: "2222"})
    expected = combinations.fingerprint(combinations.plan(Lock.objects.all()))
    with django_assert_max_num_queries(6 + 3):  # an event for each lock
        advance(Lock.objects.all(), estate, at, expected)


def test_a_new_key_takes_over_and_the_old_one_can_go(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, settings: Any
) -> None:
    settings.COMBINATION_KEYS = [NEW, *settings.COMBINATION_KEYS]
    assert show(cabinet.dial, estate, at) == "4711"  # both open while it lasts
    said = StringIO()
    call_command("rotate_combination_key", stdout=said)
    assert said.getvalue().startswith("3 combinations")
    settings.COMBINATION_KEYS = [NEW]
    assert show(cabinet.dial, estate, at) == "4711"
    assert Event.objects.get(action=Action.COMBINATIONS_RESEALED).data == {"count": 3}


def test_a_rotation_without_the_old_key_changes_nothing(cabinet: Cabinet, settings: Any) -> None:
    before = set(Combination.objects.values_list("sealed", flat=True))
    settings.COMBINATION_KEYS = [NEW]
    with pytest.raises(CommandError, match="LOCKWRIGHT_COMBINATION_KEYS"):
        call_command("rotate_combination_key")
    assert set(Combination.objects.values_list("sealed", flat=True)) == before


def test_the_setting_takes_several_keys_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("SOME_KEYS", f" {NEW} ,{OLD}")
    assert env.sealing_keys("SOME_KEYS") == [NEW, OLD]
    (tmp_path / "keys").write_text(f"{OLD}\n{NEW}\n")
    monkeypatch.setenv("SOME_KEYS_FILE", str(tmp_path / "keys"))
    assert env.sealing_keys("SOME_KEYS") == [OLD, NEW]
    monkeypatch.delenv("SOME_KEYS_FILE")
    monkeypatch.delenv("SOME_KEYS")
    assert env.sealing_keys("SOME_KEYS") == []


@pytest.mark.parametrize("wrong", ["short", "x" * 44, "A" * 42])
def test_a_setting_that_is_no_key_names_itself_and_not_the_key(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("SOME_KEYS", f"{NEW},{wrong}")
    with pytest.raises(ImproperlyConfigured, match="Key 2 in SOME_KEYS") as refused:
        env.sealing_keys("SOME_KEYS")
    assert wrong not in str(refused.value)


@given(st.text(max_size=40), st.text(alphabet="abc:123", max_size=20))
def test_what_is_sealed_opens_in_its_place_and_in_no_other(text: str, place: str) -> None:
    token = sealing.seal([NEW], place, text)
    assert sealing.unseal([OLD, NEW], place, token) == text
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal([NEW], f"{place}0", token)
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal([OLD], place, token)
