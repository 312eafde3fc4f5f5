"""What a one-time code proves to either side, and to nobody else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockers import introduction
from lockers.introduction import LETTERS, code_key, is_asked, is_vouched, public_key, request, vouch

CODE, OTHER_CODE = "ABCD-EFGH-JKMN-PQRS", "ABCD-EFGH-JKMN-PQRT"
BOX, THIEF = b"b" * 32, b"t" * 32
SERVER, FALSE_SERVER = public_key(b"s" * 32), public_key(b"f" * 32)


def flipped(value: bytes, bit: int) -> bytes:
    """Return bytes with one bit the other way."""
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_code_cannot_be_guessed_from_what_was_overheard() -> None:
    letters = introduction.new_code().replace("-", "")
    assert len(letters) * math.log2(len(LETTERS)) > 79
    assert set(letters) <= set(LETTERS)
    assert introduction.new_code() != introduction.new_code()


@pytest.mark.parametrize(
    "typed", ["abcd-efgh-jkmn-pqrs", " ABCDEFGHJKMNPQRS\n", "ABCD EFGH JKMN PQRS"]
)
def test_it_does_not_matter_how_a_code_is_typed(typed: str) -> None:
    assert code_key(typed) == code_key(CODE)


def test_who_knows_the_code_and_has_the_key_is_taken() -> None:
    assert is_asked(public_key(BOX), *request(CODE, BOX), code_key(CODE))


def test_who_does_not_know_the_code_is_not() -> None:
    assert not is_asked(public_key(BOX), *request(OTHER_CODE, BOX), code_key(CODE))


def test_a_key_cannot_be_put_in_the_place_of_anothers() -> None:
    by_code, by_itself = request(CODE, BOX)
    _by_code, by_thief = request(OTHER_CODE, THIEF)
    assert not is_asked(public_key(THIEF), by_code, by_thief, code_key(CODE))
    assert not is_asked(public_key(THIEF), by_code, by_itself, code_key(CODE))


def test_nobody_enrols_a_key_that_is_not_theirs() -> None:
    """Who knows the code, but has only the public half of somebody's key."""
    _by_code, by_thief = request(CODE, THIEF)
    by_code, _by_box = request(CODE, BOX)
    assert not is_asked(public_key(BOX), by_code, by_thief, code_key(CODE))


@given(st.integers(0, 511), st.booleans())
def test_no_bit_of_a_request_can_be_changed(bit: int, of_the_code: bool) -> None:
    by_code, by_itself = request(CODE, BOX)
    if of_the_code:
        by_code = flipped(by_code, bit)
    else:
        by_itself = flipped(by_itself, bit)
    assert not is_asked(public_key(BOX), by_code, by_itself, code_key(CODE))


def test_the_code_is_not_in_what_is_sent() -> None:
    sent = b"".join([public_key(BOX), *request(CODE, BOX)])
    assert code_key(CODE) not in sent
    assert CODE.replace("-", "").encode() not in sent


def test_who_made_the_code_is_believed() -> None:
    mac = vouch(code_key(CODE), public_key(BOX), 7, [SERVER])
    assert is_vouched(code_key(CODE), public_key(BOX), 7, [SERVER], mac)


@pytest.mark.parametrize(
    ("box", "bridge_id", "keys"),
    [
        (public_key(THIEF), 7, [SERVER]),
        (public_key(BOX), 8, [SERVER]),
        (public_key(BOX), 7, [FALSE_SERVER]),
        (public_key(BOX), 7, [SERVER, FALSE_SERVER]),
        (public_key(BOX), 7, [FALSE_SERVER, SERVER]),
        (public_key(BOX), 7, []),
    ],
)
def test_no_answer_can_be_changed(box: bytes, bridge_id: int, keys: list[bytes]) -> None:
    mac = vouch(code_key(CODE), public_key(BOX), 7, [SERVER])
    assert not is_vouched(code_key(CODE), box, bridge_id, keys, mac)


def test_who_does_not_know_the_code_cannot_answer() -> None:
    mac = vouch(code_key(OTHER_CODE), public_key(BOX), 7, [SERVER])
    assert not is_vouched(code_key(CODE), public_key(BOX), 7, [SERVER], mac)
