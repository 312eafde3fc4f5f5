"""The text of a pass: who can write one, and what reads it."""

from __future__ import annotations

import base64
import datetime as dt
import subprocess
import sys
import uuid
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cwt import COSE, COSEKey
from hypothesis import given
from hypothesis import strategies as st

from access import passes
from access.passes import Pass, PassError, Unreadable

SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
KEYS = passes.public_keys([SEED])
NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
AMIRAS = Pass(
    id=uuid.UUID(int=0x1234),
    organisation_id=3,
    person_id=1500,
    starts_at=NINE,
    ends_at=NINE + dt.timedelta(days=1),
    compartment_id=77,
    is_single_use=True,
)
TEXT = passes.sign(AMIRAS, SEED)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

ids = st.integers(1, 2**63 - 1)
seconds = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2090, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=dt.UTC)
)
any_pass = st.builds(
    Pass,
    id=st.uuids(),
    organisation_id=ids,
    person_id=ids,
    starts_at=seconds,
    ends_at=seconds,
    compartment_id=st.none() | ids,
    is_single_use=st.booleans(),
)


def why(text: str, keys: dict[bytes, bytes] = KEYS) -> Unreadable:
    """Return why a text is refused."""
    with pytest.raises(PassError) as refused:
        passes.read(text, keys)
    return refused.value.why


@given(any_pass)
def test_what_is_signed_is_read(given_pass: Pass) -> None:
    text = passes.sign(given_pass, SEED)
    assert passes.read(text, KEYS) == given_pass
    assert len(text) <= passes.LONGEST


def test_a_pass_is_written_for_the_dense_mode_of_a_qr_code() -> None:
    assert set(TEXT) <= set(LETTERS) | {"1", ":"}
    assert len(TEXT) < 220
    # The same pass has the same code on every screen that shows it.
    assert passes.sign(AMIRAS, SEED) == TEXT


def test_an_independent_library_reads_ours_and_writes_what_we_read() -> None:
    public = passes.public_key(SEED)
    theirs = {1: 1, 2: passes.key_id(public), 3: -8, -1: 6, -2: public}
    encoded = TEXT.removeprefix(passes.PREFIX)
    message = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    payload = COSE.new().decode(message, COSEKey.new(theirs))

    signing = COSEKey.new({**theirs, -4: SEED})
    again = COSE.new(alg_auto_inclusion=True, kid_auto_inclusion=True).encode(payload, signing)
    text = passes.PREFIX + base64.b32encode(again).decode().rstrip("=")
    assert passes.read(text, KEYS) == AMIRAS


def test_no_single_letter_can_be_changed_left_out_or_added() -> None:
    for place in range(len(passes.PREFIX), len(TEXT)):
        letter = LETTERS[(LETTERS.index(TEXT[place]) + 1) % 32]
        why(TEXT[:place] + letter + TEXT[place + 1 :])
        why(TEXT[:place] + TEXT[place + 1 :])
        why(TEXT[:place] + "A" + TEXT[place:])


@pytest.mark.parametrize("spare", range(1, 32))
def test_one_pass_has_one_text(spare: int) -> None:
    letter = LETTERS[(LETTERS.index(TEXT[-1]) + spare) % 32]
    why(TEXT[:-1] + letter)
    why(TEXT + "=")
    why(TEXT.lower())


def test_a_pass_of_another_signer_is_refused() -> None:
    assert why(passes.sign(AMIRAS, OTHER)) == Unreadable.UNKNOWN_KEY
    # Somebody who claims our key's name still cannot sign.
    ours, theirs = passes.key_id(passes.public_key(SEED)), passes.public_key(OTHER)
    assert why(TEXT, {ours: theirs}) == Unreadable.FORGED


def test_a_pass_of_an_older_key_is_read_as_long_as_the_key_is_kept() -> None:
    both = passes.public_keys([OTHER, SEED])
    assert passes.read(TEXT, both) == AMIRAS
    assert passes.read(passes.sign(AMIRAS, OTHER), both) == AMIRAS


def test_another_algorithm_is_never_tried() -> None:
    key = COSEKey.new({1: 4, 3: 5, -1: passes.public_key(SEED), 2: next(iter(KEYS))})
    mac = COSE.new(alg_auto_inclusion=True, kid_auto_inclusion=True).encode(b"x", key)
    assert why(passes.PREFIX + base64.b32encode(mac).decode().rstrip("=")) == Unreadable.NOT_A_PASS


@given(st.text(max_size=300) | st.binary(max_size=250).map(lambda b: base64.b32encode(b).decode()))
def test_nothing_that_is_typed_breaks_the_reading(text: str) -> None:
    why(text)
    why(passes.PREFIX + text)


def test_what_is_signed_must_make_sense_too() -> None:
    import cbor2

    key = Ed25519PrivateKey.from_private_bytes(SEED)
    for claims in (
        [1, 2],
        {},
        {1: "three", 2: 5, 4: 1, 5: 1, 7: bytes(16)},
        {1: 3, 2: 5, 4: 2**80, 5: 1, 7: bytes(16)},
        {1: 3, 2: 5, 4: 1, 5: 1, 7: bytes(3)},
        {1: 3, 2: 5, 4: 1, 5: 1, 7: bytes(16), -1: "door"},
    ):
        payload, protected = cbor2.dumps(claims), cbor2.dumps({1: -8})
        covered = cbor2.dumps(["Signature1", protected, b"", payload])
        parts = [protected, {4: next(iter(KEYS))}, payload, key.sign(covered)]
        message = cbor2.dumps(cbor2.CBORTag(18, parts))
        text = passes.PREFIX + base64.b32encode(message).decode().rstrip("=")
        assert why(text) == Unreadable.NOT_A_PASS


def test_clocks_may_differ_by_two_minutes() -> None:
    starts, ends = passes.window(AMIRAS)
    assert AMIRAS.starts_at - starts == ends - AMIRAS.ends_at == dt.timedelta(minutes=2)
    assert passes.window(replace(AMIRAS, ends_at=NINE))[1] == NINE + passes.SKEW


def test_a_bridge_that_has_never_seen_the_person_reads_it_without_the_server() -> None:
    ((kid, public),) = KEYS.items()
    script = (
        "import sys; from access import passes;"
        f"found = passes.read({TEXT!r}, {{bytes.fromhex({kid.hex()!r}):"
        f" bytes.fromhex({public.hex()!r})}});"
        "assert 'django' not in sys.modules; print(found.person_id, found.compartment_id)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["1500", "77"]
