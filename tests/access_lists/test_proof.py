from __future__ import annotations

import random

import pytest

from access.access_list import proof
from lockers import introduction

ENTRIES = {f"person:{n}": proof.fingerprint(f"person:{n}", b"{}") for n in range(2_000)}
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


def digest(found: dict[str, bytes]) -> bytes:
    return proof.digest(proof.of_buckets(found))


def test_the_order_of_entries_does_not_matter() -> None:
    mixed = list(ENTRIES.items())
    random.Random(1).shuffle(mixed)
    assert digest(dict(mixed)) == digest(ENTRIES)


@pytest.mark.parametrize("key", ["person:0", "person:1999"])
def test_an_entry_more_less_or_other_is_another_list(key: str) -> None:
    without = {name: one for name, one in ENTRIES.items() if name != key}
    assert digest(without) != digest(ENTRIES)
    assert digest(ENTRIES | {key: proof.fingerprint(key, b"{1}")}) != digest(ENTRIES)


def test_what_stands_under_another_key_is_another_entry() -> None:
    assert proof.fingerprint("person:1", b"x") != proof.fingerprint("person:11", b"x")


def test_a_change_touches_its_bucket_alone() -> None:
    changed = ENTRIES | {"person:7": bytes(32)}
    pairs = zip(proof.of_buckets(ENTRIES), proof.of_buckets(changed), strict=True)
    touched = [place for place, (one, other) in enumerate(pairs) if one != other]
    assert touched == [proof.bucket_of("person:7")]


def test_a_signature_is_for_one_bridge_one_version_one_list_and_by_one_key() -> None:
    what = {"bridge_id": 3, "version": 5, "digest": digest(ENTRIES)}
    public = [introduction.public_key(OTHER), introduction.public_key(KEY)]
    signature = proof.sign(KEY, **what)  # type: ignore[arg-type]
    assert proof.is_signed(signature, public, **what)  # type: ignore[arg-type]
    for other in ({"bridge_id": 4}, {"version": 6}, {"digest": bytes(32)}):
        assert not proof.is_signed(signature, public, **{**what, **other})  # type: ignore[arg-type]
    assert not proof.is_signed(signature, public[:1], **what)  # type: ignore[arg-type]
