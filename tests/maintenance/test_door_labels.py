"""The code on a door's label leads to that door, and nobody makes one up."""

from __future__ import annotations

from django.conf import settings
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from maintenance import door_labels

IDS = st.integers(min_value=1, max_value=2**63 - 1)


@given(IDS)
def test_a_label_leads_to_its_door_however_it_is_typed(number: int) -> None:
    code = door_labels.code_of(number)
    assert door_labels.door_on(code) == number
    assert door_labels.door_on(code.upper()) == number
    assert len(code) <= 26


@given(IDS, IDS)
def test_the_signature_of_one_door_is_no_good_for_another(one: int, other: int) -> None:
    mixed = f"{door_labels.code_of(one).split('-')[0]}-{door_labels.code_of(other).split('-')[1]}"
    assert door_labels.door_on(mixed) == (one if one == other else None)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_no_label_and_no_mistake(text: str) -> None:
    assert door_labels.door_on(text) is None


def test_a_number_that_no_door_can_have_is_no_label() -> None:
    signed = door_labels.code_of(2**63)
    assert door_labels.door_on(signed) is None
    zeros = "0" + door_labels.code_of(5)
    assert door_labels.door_on(zeros) is None


def test_a_label_outlives_the_key_when_the_old_one_is_kept() -> None:
    code = door_labels.code_of(12)
    with override_settings(SECRET_KEY="another"):
        assert door_labels.door_on(code) is None
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert door_labels.door_on(code) == 12
        assert door_labels.code_of(12) != code


def test_the_address_is_that_of_the_installation() -> None:
    with override_settings(PUBLIC_URL="https://lockers.example/"):
        assert door_labels.address_of(7) == f"https://lockers.example/d/{door_labels.code_of(7)}/"
