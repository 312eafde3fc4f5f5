"""What the server tells a bridge of its list, in which order, and no more than what changed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from access.access_list import proof
from access.models import Credential, Person
from access.services import holds
from kiosk.bridge import protocol
from kiosk.consumers.bridge.access_lists import AccessLists, Changed
from kiosk.consumers.bridge.part import Line
from lockers.services import bridge_keys
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests.factories.cast import SETUP, Estate

NOTHING = protocol.ListStands(version=0)


class Told:
    """A bridge that keeps what it is told, as it should."""

    def __init__(self, estate: Estate) -> None:
        self.heard: list[Any] = []
        self.has: dict[str, bytes] = {}
        line = Line(estate.bridge, uuid.uuid4(), uuid.uuid4(), self._hear, _refused, _nothing)
        self.part = AccessLists(line)

    async def _hear(self, message: protocol.Message) -> None:
        self.heard.append(message)
        if isinstance(message, protocol.ListDeny):
            for key in message.keys:
                self.has.pop(key, None)
        elif isinstance(message, protocol.ListPut):
            self.has |= {key: bytes(text) for key, text in message.entries.items()}
        elif isinstance(message, protocol.ListAsk):
            found = {key: one for key, one in self.prints.items()
                     if proof.bucket_of(key) in message.buckets}  # fmt: skip
            await self.part.takes[protocol.ListHas](protocol.ListHas(entries=found))
        elif isinstance(message, protocol.ListSigned):
            await self.part.takes[protocol.ListKept](protocol.ListKept(version=message.version))

    @property
    def prints(self) -> dict[str, bytes]:
        return {key: proof.fingerprint(key, text) for key, text in self.has.items()}

    @property
    def stands(self) -> protocol.ListStands:
        return protocol.ListStands(version=1, buckets=proof.of_buckets(self.prints))

    def since(self, place: int) -> list[str]:
        return [type(message).__name__ for message in self.heard[place:]]

    async def change(self, **what: Any) -> list[Any]:
        """Let the server look at what changed; return what it told."""
        place = len(self.heard)
        await self.part._tell(await self.part._make(Changed(**what)))
        return self.heard[place:]

    def is_signed(self) -> bool:
        last = self.heard[-1]
        assert isinstance(last, protocol.ListSigned)
        digest = proof.digest(proof.of_buckets(self.prints))
        return last.digest == digest and proof.is_signed(
            last.signature,
            bridge_keys.server_keys(),
            bridge_id=self.part.line.bridge.pk,
            version=last.version,
            digest=digest,
        )


async def _refused(_code: str, _message: str) -> None:
    raise AssertionError("refused")


async def _nothing() -> None:
    raise AssertionError("greeted anew")


@pytest.fixture
def told(transactional_db: None) -> Told:
    told = Told(Estate.build(at=timezone.now()))
    return told


def amira() -> Person:
    return Person.objects.get(given_name="Amira")


@pytest.mark.django_db(transaction=True)
async def test_who_has_nothing_is_told_everything(told: Told) -> None:
    await told.part._compare(NOTHING)
    # Who does not have it all may still have some of it: what counts no more comes first.
    assert told.since(0) == ["ListDeny", "ListPut", "ListSigned"]
    assert told.heard[-1].is_whole
    assert told.is_signed()


@pytest.mark.django_db(transaction=True)
async def test_who_has_it_all_is_only_told_that_it_is_so(told: Told) -> None:
    await told.part._compare(NOTHING)
    place = len(told.heard)
    await told.part._compare(told.stands)
    assert told.since(place) == ["ListSigned"] and told.is_signed()


@pytest.mark.django_db(transaction=True)
async def test_whoever_comes_back_is_told_first_what_counts_no_more(told: Told) -> None:
    await told.part._compare(NOTHING)
    again = Told.__new__(Told)
    again.heard, again.has = [], dict(told.has)
    again.part = AccessLists(Line(told.part.line.bridge, uuid.uuid4(), uuid.uuid4(),
                                  again._hear, _refused, _nothing))  # fmt: skip

    def change() -> tuple[int, int]:
        person = amira()
        badge = Credential.objects.get(person=person, kind="badge")
        Credential.objects.filter(pk=badge.pk).update(status="revoked")
        pin = Credential.objects.get(person=person, kind="pin")
        pin.delete()
        now = timezone.now()
        ben = Person.objects.get(given_name="Ben")
        holds.place(person=ben, reason="x", actor=SETUP, at=now, ends_at=None)
        return person.pk, ben.pk

    person, ben = await sync_to_async(change)()
    await again.part._compare(again.stands)
    assert again.since(0) == ["ListAsk", "ListDeny", "ListPut", "ListSigned"]
    (asked, denied, put, _signed) = again.heard
    assert {key.split(":")[2] if key.count(":") > 1 else key for key in denied.keys} == {
        "badge", "pin", f"person:{ben}",
    }  # fmt: skip
    assert {key for key in put.entries if "badge" in key} <= set(denied.keys)
    assert all(":pin:" not in key for key in again.has if key.startswith(f"person:{person}:"))
    assert again.is_signed()
    assert len(asked.buckets) <= 3


@pytest.mark.django_db(transaction=True)
async def test_a_change_of_one_person_tells_of_that_person_alone(told: Told) -> None:
    await told.part._compare(NOTHING)
    person = await sync_to_async(amira)()
    await sync_to_async(Person.objects.filter(pk=person.pk).update)(status="suspended")
    denied, put, _signed = await told.change(people={person.pk})
    assert denied.keys == [f"person:{person.pk}"]
    assert set(put.entries) == {f"person:{person.pk}"}
    assert told.is_signed()


@pytest.mark.django_db(transaction=True)
async def test_a_new_grant_brings_its_person_along(told: Told) -> None:
    await sync_to_async(Person.objects.update)(home_site=None)
    await told.part._compare(NOTHING)
    person = await sync_to_async(amira)()
    assert f"person:{person.pk}" not in told.has

    def claim() -> None:
        assignments.claim(
            person_id=person.pk, bank_id=told.part.line.bridge.banks.get().pk, wanted=Wanted(),
            actor=SETUP, at=timezone.now(),
        )  # fmt: skip

    await sync_to_async(claim)()
    put, _signed = await told.change(place=True)
    assert {key.rpartition(":")[0] for key in put.entries} == {
        "place:grant", "person", f"person:{person.pk}:badge", f"person:{person.pk}:pin",
    }  # fmt: skip
    assert told.is_signed()


@pytest.mark.django_db(transaction=True)
async def test_what_is_as_it_was_is_not_told(told: Told) -> None:
    await told.part._compare(NOTHING)
    assert await told.change(place=True, everybody=True) == []


@pytest.mark.django_db(transaction=True)
async def test_a_long_list_comes_in_pieces(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.consumers.bridge.access_lists.PIECE_BYTES", 500)
    await told.part._compare(NOTHING)
    assert told.since(0).count("ListPut") > 3
    assert told.is_signed()
