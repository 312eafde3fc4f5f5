"""Serial numbers of cards: one card, many ways to write it, and those that are not unique."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.badges import uids
from access.badges.profiles import BadReading, Fault, Profile, read
from access.badges.uids import RandomUid, TruncatedUid, UidError


def uid_reader(size: int = 4, base: str = "decimal", order: str = "msb") -> Profile:
    return Profile(kind="uid", uid_bytes=size, base=base, byte_order=order)


# The same card at readers of four kinds.
@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (uid_reader(), "514229873"),
        (uid_reader(order="lsb"), "1904649758"),
        (uid_reader(base="hex"), "1EA68671"),
        (uid_reader(base="hex"), "1ea68671"),
        (uid_reader(base="hex", order="lsb"), "7186A61E"),
    ],
)
def test_one_card_is_one_key_however_its_reader_writes_it(profile: Profile, text: str) -> None:
    assert read(profile, text) == "uid:1EA68671"


def test_a_number_with_its_bytes_backwards_is_read_by_its_profile_only() -> None:
    assert read(uid_reader(order="lsb"), "3220338716") == "uid:1C78F2BF"
    assert read(uid_reader(), "3220338716") == "uid:BFF2781C"


def test_seven_bytes_cut_to_four_are_refused() -> None:
    """04C43BC21C2680 at a four-byte reader: 88 and its first three bytes, backwards."""
    for profile, text in [
        (uid_reader(order="lsb"), "1002701960"),
        (uid_reader(base="hex"), "8804C43B"),
    ]:
        with pytest.raises(BadReading) as refused:
            read(profile, text)
        assert refused.value.fault is Fault.TRUNCATED
    assert read(uid_reader(7, "hex"), "04C43BC21C2680") == "uid:04C43BC21C2680"


def test_a_number_that_changes_with_every_tap_is_refused() -> None:
    with pytest.raises(BadReading) as refused:
        read(uid_reader(base="hex"), "08A1B2C3")
    assert refused.value.fault is Fault.RANDOM
    # Longer ones are never drawn at random.
    assert uids.canonical(bytes.fromhex("08000000000001")) == "08000000000001"


@pytest.mark.parametrize("text", ["4C43BC2", "004C43BC21", "", "0x4C43BC", "4C_3BC21", "1EA6867G"])
def test_half_a_number_is_not_one_with_zeros_in_front(text: str) -> None:
    with pytest.raises(BadReading):
        read(uid_reader(base="hex"), text)


@pytest.mark.parametrize("text", ["4294967296", "-1", "+1", "1_000", "１２３", "1e3", "12 3"])
def test_no_other_number_is_taken_for_one(text: str) -> None:
    with pytest.raises(BadReading):
        read(uid_reader(), text)


@given(st.sampled_from(uids.SIZES), st.data())
def test_every_way_of_writing_leads_back_to_the_card(size: int, data: st.DataObject) -> None:
    uid = data.draw(st.binary(min_size=size, max_size=size))
    for is_reversed in (False, True):
        number = uids.to_number(uid, is_reversed=is_reversed)
        assert uids.from_number(number, size, is_reversed=is_reversed) == uid
        written = (uid[::-1] if is_reversed else uid).hex(":")
        assert uids.from_hex(written, is_reversed=is_reversed) == uid


def test_only_whole_serial_numbers_have_a_canonical_form() -> None:
    for size in (0, 3, 5, 8, 11):
        with pytest.raises(UidError):
            uids.canonical(bytes(size))
    with pytest.raises(TruncatedUid):
        uids.canonical(bytes.fromhex("8804C43B"))
    with pytest.raises(RandomUid):
        uids.canonical(bytes.fromhex("08000000"))
    with pytest.raises(UidError):
        uids.from_hex("no digits")
