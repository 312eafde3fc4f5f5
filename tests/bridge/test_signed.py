"""What a signed frame proves: its writer, its text, its place, its connection, its direction."""

from __future__ import annotations

import contextlib
import dataclasses
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kiosk.bridge.protocol.signed import (
    BadSignature,
    Context,
    Opener,
    Purpose,
    Signer,
    unproven,
)
from lockers import introduction

KEY, OTHER = b"k" * 32, b"o" * 32
PUBLIC = introduction.public_key(KEY)
HERE = Context(Purpose.TO_BRIDGE, 7, b"n" * 32)
# Everything that a websocket's text frame can carry.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def sealed(said: list[str], context: Context = HERE, key: bytes = KEY) -> list[str]:
    signer = Signer(key, context)
    return [signer.seal(text) for text in said]


def opener(context: Context = HERE, *keys: bytes) -> Opener:
    return Opener(keys or [PUBLIC], context)


def opened(frames: list[str], context: Context = HERE) -> list[str]:
    """Return what is believed of these frames."""
    reader, believed = opener(context), []
    for frame in frames:
        try:
            believed.append(reader.open(frame))
        except BadSignature:
            continue
    return believed


@given(st.lists(texts, max_size=5))
def test_what_was_signed_opens_in_the_order_of_sending(said: list[str]) -> None:
    assert opened(sealed(said)) == said


@given(texts, st.data())
def test_no_character_of_a_frame_can_be_changed(text: str, data: st.DataObject) -> None:
    (frame,) = sealed([text])
    place = data.draw(st.integers(0, len(frame) - 1))
    other = data.draw(st.characters(exclude_categories=["Cs"]))
    assume(other != frame[place])
    assert opened([frame[:place] + other + frame[place + 1 :]]) == []


def test_one_signature_is_written_in_one_way() -> None:
    """The last letter of base64 has four bits that say nothing."""
    (frame,) = sealed(["{}"])
    spellings = [f"{frame[:85]}{letter}{frame[86:]}" for letter in string.printable]
    assert [one for one in spellings if opened([one])] == [frame]


@given(texts, st.data())
def test_nothing_can_be_cut_off_or_added(text: str, data: st.DataObject) -> None:
    (frame,) = sealed([text])
    cut = data.draw(st.integers(0, len(frame) - 1))
    assert opened([frame[:cut]]) == []
    assert opened([frame[cut + 1 :]]) == []
    assert opened([frame + data.draw(texts.filter(bool))]) == []


@given(st.lists(texts, min_size=2, max_size=5), st.data())
def test_frames_open_in_no_other_order(said: list[str], data: st.DataObject) -> None:
    frames = sealed(said)
    mixed = data.draw(st.permutations(range(len(frames))).filter(lambda p: p != sorted(p)))
    believed = opened([frames[place] for place in mixed])
    # What came before the first frame in a wrong place, and nothing after it.
    assert believed == said[: len(believed)]
    assert len(believed) == next(n for n, place in enumerate(mixed) if place != n)


@given(st.lists(texts, min_size=2, max_size=5), st.data())
def test_a_frame_that_was_left_out_ends_it(said: list[str], data: st.DataObject) -> None:
    frames = sealed(said)
    left_out = data.draw(st.integers(0, len(frames) - 2))
    assert opened(frames[:left_out] + frames[left_out + 1 :]) == said[:left_out]


@given(st.lists(texts, min_size=1, max_size=5), st.data())
def test_a_frame_opens_once(said: list[str], data: st.DataObject) -> None:
    frames = sealed(said)
    again = data.draw(st.integers(0, len(frames) - 1))
    after = data.draw(st.integers(again + 1, len(frames)))
    assert opened([*frames[:after], frames[again], *frames[after:]]) == said[:after]


@pytest.mark.parametrize(
    "elsewhere",
    [
        dataclasses.replace(HERE, purpose=Purpose.TO_SERVER),
        dataclasses.replace(HERE, purpose=Purpose.NEW_KEY),
        dataclasses.replace(HERE, bridge_id=8),
        dataclasses.replace(HERE, nonce=b"N" * 32),
    ],
    ids=["direction", "purpose", "bridge", "connection"],
)
@given(said=st.lists(texts, min_size=1, max_size=3))
def test_a_frame_of_elsewhere_does_not_open_here(elsewhere: Context, said: list[str]) -> None:
    assert opened(sealed(said, elsewhere)) == []


@given(texts)
def test_a_frame_signed_with_another_key_does_not_open(text: str) -> None:
    assert opened(sealed([text], key=OTHER)) == []


def test_after_one_frame_that_was_not_genuine_none_opens() -> None:
    first, second = sealed(["first", "second"])
    reader = opener()
    for frame in ("x" + first[1:], first, second):
        with pytest.raises(BadSignature):
            reader.open(frame)


def test_the_key_of_the_first_frame_is_that_of_all() -> None:
    """A server has several keys for a while, but changes none in the middle of a connection."""
    public = [PUBLIC, introduction.public_key(OTHER)]
    reader = opener(HERE, *public)
    assert reader.open(sealed(["1"], key=OTHER)[0]) == "1"
    with pytest.raises(BadSignature):
        reader.open(sealed(["1", "2"], key=KEY)[1])


@pytest.mark.parametrize("nonce", [b"", b"n" * 31, b"n" * 33])
def test_a_nonce_has_one_length(nonce: bytes) -> None:
    with pytest.raises(BadSignature):
        sealed([""], dataclasses.replace(HERE, nonce=nonce))


@pytest.mark.parametrize(
    "frame",
    ["", ".", "{}", "a" * 86, "a" * 86 + ".", "=" * 86 + ".{}", "a" * 85 + ".{}", "é" * 86 + ".{}",
     "a" * 86 + ".\ud800", b"", b"\xff" * 100],
)  # fmt: skip
def test_what_is_no_frame_is_refused(frame: str | bytes) -> None:
    with pytest.raises(BadSignature):
        opener().open(frame)


@given(st.one_of(st.text(), st.binary()))
def test_nothing_makes_it_stumble(frame: str | bytes) -> None:
    with pytest.raises(BadSignature):
        opener().open(frame)
    with contextlib.suppress(BadSignature):
        assert unproven(frame) in str(frame)
