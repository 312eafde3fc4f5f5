"""Wiegand formats against frames that others computed, and what holds for every one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.badges import wiegand
from access.badges.wiegand import FORMATS, Format, FrameError, ParityError
from lockers.choices import WiegandFormat

# Name, facility, number, frame; from public tools that share no code with this one.
VECTORS = [
    ("H10301", 123, 4567, 0x02F623AE),
    ("H10301", 0, 1, 0x00000002),
    ("H10301", 90, 324, 0b00101101000000001010001000),
    ("H10306", 1234, 56789, 0x209A5BBAA),
    ("C1k35s", 1234, 567890, 0x69A5154A4),
    ("H10302", 0, 12345678901, 0x15BFB8386A),
    ("H10304", 1234, 123456, 0x104D23C481),
]
every_format = pytest.mark.parametrize("layout", FORMATS.values(), ids=FORMATS)


@st.composite
def cards(draw: st.DrawFn) -> tuple[Format, int, int]:
    layout = draw(st.sampled_from(list(FORMATS.values())))
    facility = draw(st.integers(0, layout.facility.limit - 1)) if layout.facility else 0
    return layout, facility, draw(st.integers(0, layout.number.limit - 1))


@pytest.mark.parametrize(("name", "facility", "number", "frame"), VECTORS)
def test_a_frame_is_the_one_that_others_make(
    name: str, facility: int, number: int, frame: int
) -> None:
    assert wiegand.encode(FORMATS[name], facility, number) == frame
    assert wiegand.decode(FORMATS[name], frame) == (facility, number)


def test_a_format_says_whether_others_have_confirmed_it() -> None:
    assert {one.name for one in FORMATS.values() if one.has_vectors} == {row[0] for row in VECTORS}


def test_the_48_bits_have_their_parities_where_two_descriptions_put_them() -> None:
    """Bits from 1: even at 2 over 4-5, 7-8 … 46-47; odd at 48 over 3-4, 6-7 … 45-46; odd at 1
    over 2-48."""
    even, odd, whole = FORMATS["C1k48s"].parities
    assert (even.at, even.over[:4], even.over[-2:]) == (1, (3, 4, 6, 7), (45, 46))
    assert (odd.at, odd.over[:4], odd.over[-2:]) == (47, (2, 3, 5, 6), (44, 45))
    assert (whole.at, whole.over) == (0, tuple(range(1, 48)))
    assert [parity.is_odd for parity in (even, odd, whole)] == [False, True, True]


@given(cards())
def test_every_card_comes_back_from_its_frame(card: tuple[Format, int, int]) -> None:
    layout, facility, number = card
    frame = wiegand.encode(layout, facility, number)
    assert frame < 1 << layout.bits
    assert wiegand.decode(layout, frame) == (facility, number)
    assert wiegand.split(layout, wiegand.unsplit(layout, facility, number)) == (facility, number)


@given(cards())
def test_no_flipped_bit_makes_another_card(card: tuple[Format, int, int]) -> None:
    layout, facility, number = card
    frame = wiegand.encode(layout, facility, number)
    for bit in range(layout.bits):
        with pytest.raises(ParityError):
            wiegand.decode(layout, frame ^ 1 << bit)


@every_format
def test_a_line_that_is_stuck_is_no_card(layout: Format) -> None:
    for frame in (0, (1 << layout.bits) - 1):
        with pytest.raises(ParityError):
            wiegand.decode(layout, frame)


@every_format
def test_every_bit_is_data_or_a_parity_and_none_is_both(layout: Format) -> None:
    data = set(range(layout.number.start, layout.number.start + layout.number.length))
    if layout.facility:
        data |= set(range(layout.facility.start, layout.facility.start + layout.facility.length))
        assert layout.facility.start + layout.facility.length == layout.number.start
    parities = {parity.at for parity in layout.parities}
    assert not data & parities
    assert data | parities == set(range(layout.bits))


@every_format
def test_what_does_not_fit_is_refused(layout: Format) -> None:
    too_long = 1 << layout.bits
    for wrong in (too_long, -1):
        with pytest.raises(FrameError):
            wiegand.decode(layout, wrong)
    facility = layout.facility.limit if layout.facility else 1
    for card in ((facility, 0), (0, layout.number.limit), (-1, 0), (0, -1)):
        with pytest.raises(FrameError):
            wiegand.encode(layout, *card)
    with pytest.raises(FrameError):
        wiegand.split(layout, 1 << layout.data_bits)


def test_the_administration_offers_the_formats_that_can_be_read() -> None:
    assert set(WiegandFormat.values) == set(FORMATS)
