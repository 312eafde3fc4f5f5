"""What a profile makes of a text, and which profile fits a card that somebody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.badges import wiegand
from access.badges.candidates import Candidate, Known, candidates, readings
from access.badges.profiles import (
    MAIN,
    BadReading,
    Base,
    Content,
    Fault,
    Kind,
    Order,
    Printed,
    Profile,
    printed,
    read,
    read_printed,
)
from lockers import choices

CARD = "wiegand:H10301:123:4567"
FRAME = Profile(kind="wiegand", wiegand_format="H10301", content="frame", base="hex")
SEEN = ("02F623AE", "0008065495", "123,04567", "04C43BC21C2680")
PROFILES = [one.profile for text in SEEN for one in readings(text)]


def fault_of(profile: Profile, text: str) -> Fault:
    with pytest.raises(BadReading) as refused:
        read(profile, text)
    assert text == "" or text not in str(refused.value), "a number is in the message"
    return refused.value.fault


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (FRAME, "2F623AE"),
        (FRAME, "02f623ae"),
        (replace(FRAME, base="decimal"), "49685422"),
        (replace(FRAME, content="left"), "BD88EB80"),
        (replace(FRAME, byte_order="lsb"), "AE23F602"),
        (replace(FRAME, content="data", base="decimal"), "0008065495"),
        (replace(FRAME, content="data"), "7B11D7"),
        (replace(FRAME, content="data", byte_order="lsb"), "D7117B"),
        (replace(FRAME, content="pair", base="decimal", separator=","), "123,04567"),
        (replace(FRAME, content="pair", base="decimal", separator=","), "123,4567"),
        (replace(FRAME, content="pair", base="decimal", facility_digits=3), "12304567"),
    ],
)
def test_one_card_is_one_key_however_its_reader_writes_it(profile: Profile, text: str) -> None:
    assert read(profile, text) == CARD


@pytest.mark.parametrize(
    ("profile", "text", "fault"),
    [
        (FRAME, "2F623AF", Fault.PARITY),
        (FRAME, "15BFB8386A", Fault.RANGE),  # a card of 37 bits
        (FRAME, "", Fault.CHARACTERS),
        (FRAME, "2F 23AE", Fault.CHARACTERS),
        (FRAME, "0x2F623AE", Fault.CHARACTERS),
        (FRAME, "-2F623AE", Fault.CHARACTERS),
        (replace(FRAME, digits=8), "2F623AE", Fault.LENGTH),
        (replace(FRAME, content="left"), "BD88EB81", Fault.RANGE),  # bits after the last one
        (replace(FRAME, content="data"), "1000000", Fault.RANGE),
        (replace(FRAME, content="data", byte_order="lsb"), "1000000", Fault.RANGE),
        (replace(FRAME, content="pair", base="decimal", separator=","), "12304567",
         Fault.CHARACTERS),
        (replace(FRAME, content="pair", base="decimal", separator=","), "256,1", Fault.RANGE),
        (replace(FRAME, content="pair", base="decimal", facility_digits=3), "123",
         Fault.CHARACTERS),
        (MAIN, "\x07", Fault.CHARACTERS),
        (MAIN, " ", Fault.CHARACTERS),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_fault_and_no_card(
    profile: Profile, text: str, fault: Fault
) -> None:
    assert fault_of(profile, text) is fault


def test_a_text_keeps_to_its_profile() -> None:
    assert read(MAIN, " ab12CD34 ") == "text:main:AB12CD34"
    assert read(Profile(key="gym"), "AB12CD34") == "text:gym:AB12CD34"


def test_a_length_alone_decides_nothing() -> None:
    """37 bits are a card of H10302 and one of H10304: the profile says which."""
    long = replace(FRAME, wiegand_format="H10302")
    assert read(long, "104D23C481") == "wiegand:H10302:0:647094848"
    assert read(replace(long, wiegand_format="H10304"), "104D23C481") == (
        "wiegand:H10304:1234:123456"
    )


@given(st.sampled_from(list(wiegand.FORMATS.values())), st.data())
def test_a_list_in_any_printed_form_names_the_same_card(
    layout: wiegand.Format, data: st.DataObject
) -> None:
    value = data.draw(st.integers(0, (1 << layout.data_bits) - 1))
    facility, number = wiegand.split(layout, value)
    key = f"wiegand:{layout.name}:{facility}:{number}"
    profile = Profile(kind="wiegand", wiegand_format=layout.name, content="frame", digits=12)
    for form, text in printed(key).items():
        assert read_printed(profile, form, text) == key


@given(st.binary(min_size=7, max_size=7).filter(lambda uid: uid[0] != 0x88))
def test_a_list_of_serial_numbers_too(uid: bytes) -> None:
    key = f"uid:{uid.hex().upper()}"
    profile = Profile(kind="uid", uid_bytes=7, base="decimal", byte_order="lsb")
    for form, text in printed(key).items():
        assert read_printed(profile, form, text) == key
    assert read_printed(profile, Printed.HEX, uid.hex(":")) == key


def test_a_text_has_no_other_form() -> None:
    assert printed("text:main:AB12") == {Printed.READER: "AB12"}
    for form in set(Printed) - {Printed.READER}:
        with pytest.raises(BadReading):
            read_printed(MAIN, form, "123,4567")
    with pytest.raises(BadReading):
        read_printed(Profile(kind="uid", uid_bytes=4), Printed.PAIR, "123,4567")


def only(found: list[Candidate]) -> Profile:
    assert len(found) == 1, found
    return found[0].profile


@pytest.mark.parametrize(
    ("text", "content", "base", "order"),
    [
        ("02F623AE", "frame", "hex", "msb"),
        ("AE23F602", "frame", "hex", "lsb"),
        ("BD88EB80", "left", "hex", "msb"),
        ("7B11D7", "data", "hex", "msb"),
        ("D7117B", "data", "hex", "lsb"),
        ("0049685422", "frame", "decimal", "msb"),
    ],
)
def test_facility_and_number_leave_one_way(text: str, content: str, base: str, order: str) -> None:
    profile = only(candidates(text, Known(123, "4567")))
    assert (profile.wiegand_format, profile.content, profile.base, profile.byte_order) == (
        "H10301", content, base, order
    )  # fmt: skip
    assert profile.digits == len(text)


def test_a_serial_number_leaves_one_way() -> None:
    profile = only(candidates("1904649758", Known(uid="1e:a6:86:71")))
    assert (profile.kind, profile.base, profile.byte_order) == ("uid", "decimal", "lsb")
    profile = only(candidates("80261CC23BC404", Known(uid="04 C4 3B C2 1C 26 80")))
    assert (profile.uid_bytes, profile.base, profile.byte_order) == (7, "hex", "lsb")


def test_a_printed_number_that_the_reader_repeats_leaves_the_text_among_others() -> None:
    found = candidates("0004215873", Known(number="4215873"))
    assert Kind.TEXT in {one.profile.kind for one in found}
    # The number of a format with a facility is another one.
    assert "H10301" not in {one.profile.wiegand_format for one in found}


def test_a_card_that_nobody_knows_fits_nothing() -> None:
    assert candidates("02F623AE", Known()) == []
    assert candidates("02F623AE", Known(124, "4567")) == []
    assert candidates("02F623AE", Known(uid="not hexadecimal")) == []
    # Part of a longer serial number is never offered.
    assert "uid:8804C43B" not in {one.canonical for one in readings("8804C43B")}


@given(st.text(max_size=20), st.sampled_from(PROFILES))
def test_no_text_breaks_a_profile(text: str, profile: Profile) -> None:
    try:
        read(profile, text)
    except BadReading:
        return


@given(st.text(max_size=20))
def test_every_way_that_is_offered_reads_the_card_so(text: str) -> None:
    for one in readings(text):
        assert read(one.profile, text) == one.canonical


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Kind, choices.BadgeKind),
        (Content, choices.BadgeContent),
        (Base, choices.NumberBase),
        (Order, choices.ByteOrder),
    ],
)
def test_the_words_of_the_administration_are_those_of_the_edge(ours: type, theirs: type) -> None:
    assert {one.value for one in ours} == {one.value for one in theirs}  # type: ignore[attr-defined]
