"""Who has which door, as a bridge keeps it: on the disk before it counts, or not at all."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from access.access_list.entries import Claim, Granted
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.holdings import Holdings, Kept
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.protocol import FinishedAlone, GivenAlone, Held, Hold, decode_detail
from kiosk.bridge.protocol.authority import HeldGrant
from tests.bridge.test_full_disk import fill
from tests.bridge.test_giving import AMIRA, MIDNIGHT, NOW, ms

REF = uuid.UUID(int=5)


def hold(claim_id: int, compartment_id: int = 1, **values: Any) -> Hold:
    return Hold(
        **{
            "claim_id": claim_id, "kind": "assignment", "compartment_id": compartment_id,
            "starts_at_ms": ms(NOW), "ends_at_ms": ms(MIDNIGHT), "has_begun": True,
            "person_id": AMIRA, **values,
        }
    )  # fmt: skip


async def tell(kept: Holdings, holds: list[Hold], gone: Sequence[int] = (), **values: Any) -> None:
    """Be the server."""
    told = {"term": 0, "number": 1, "holds": holds, "gone": list(gone), **values}
    await kept.told(Held(**told))


@asynccontextmanager
async def holdings(folder: Path) -> AsyncIterator[tuple[Holdings, Journal]]:
    """Open what is kept in a folder, as a bridge does when it starts."""
    journal = Journal(folder / "journal.sqlite", ServerClock())
    await journal.open()
    kept = Holdings(journal)
    await kept.open()
    yield kept, journal
    await journal.close()


def given() -> GivenAlone:
    return GivenAlone(
        ref=REF, person_id=AMIRA, policy_id=3, due_at_ms=ms(MIDNIGHT), ends_at_ms=ms(MIDNIGHT),
        counts=[3],
    )  # fmt: skip


def names(kept: Holdings) -> set[str]:
    return {one.key for one in kept.all()}


def of_claim(kept: Holdings, claim_id: int) -> Kept | None:
    return next((one for one in kept.all() if one.key == str(claim_id)), None)


async def lines(journal: Journal) -> list[str]:
    return [line.kind for line in await journal.after(0, 100)]


async def test_what_was_told_and_given_is_there_after_a_restart(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4), hold(5, 2)], is_all=True)
        await kept.give(given(), 3, ms(NOW))
        before = list(kept.all())
    async with holdings(tmp_path) as (kept, _journal):
        assert sorted(kept.all(), key=str) == sorted(before, key=str)
        assert kept.is_complete


async def test_what_ended_is_gone_after_a_restart_too(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4), hold(5, 2)], is_all=True)
        mine = await kept.give(given(), 3, ms(NOW))
        await tell(kept, [], [4])
        await kept.finish(mine, AMIRA)
        assert names(kept) == {"5"}
    async with holdings(tmp_path) as (kept, _journal):
        assert names(kept) == {"5"}


async def test_what_changed_takes_the_place_of_what_was_told_before(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4, 1), hold(5, 2)], is_all=True)
        await tell(kept, [hold(4, 3)])
        found = {one.key: one.hold.compartment_id for one in kept.all()}
    assert found == {"4": 3, "5": 2}


async def test_a_claim_that_is_gone_and_came_in_one_message_is_there(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4)], [4])
        assert names(kept) == {"4"}
    async with holdings(tmp_path) as (kept, _journal):
        assert names(kept) == {"4"}


async def test_when_all_is_told_nothing_else_is_left(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4)])
        await kept.give(given(), 3, ms(NOW))
        await tell(kept, [hold(6, 2)], is_all=True)
        assert names(kept) == {"6"}
    async with holdings(tmp_path) as (kept, _journal):
        assert names(kept) == {"6"}


async def test_it_is_complete_once_all_was_told_and_not_by_changes_alone(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        assert not kept.is_complete
        await tell(kept, [hold(4)])
        assert not kept.is_complete
        await tell(kept, [], is_all=True)
        assert kept.is_complete


async def test_under_another_name_of_the_journal_it_is_not_complete(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, journal):
        await tell(kept, [hold(4)], is_all=True)
        await journal.rename()
        # The disk may be an older copy: what was told since is not on it.
        assert not kept.is_complete
        assert names(kept) == {"4"}
    async with holdings(tmp_path) as (kept, _journal):
        assert not kept.is_complete
        await tell(kept, [hold(4)], is_all=True)
        assert kept.is_complete


async def test_giving_and_finishing_stand_in_the_journal_with_what_they_are(
    tmp_path: Path,
) -> None:
    async with holdings(tmp_path) as (kept, journal):
        await tell(kept, [hold(4)], is_all=True)
        mine = await kept.give(given(), 3, ms(NOW))
        await kept.finish(mine, AMIRA)
        theirs = of_claim(kept, 4)
        assert theirs is not None
        await kept.finish(theirs, AMIRA)
        gave, ended, ended_too = await journal.after(0, 100)
    assert (gave.kind, gave.compartment_id) == ("given_alone", 3)
    assert decode_detail(gave.detail, GivenAlone) == given()
    assert (ended.kind, ended.compartment_id) == ("finished_alone", 3)
    assert decode_detail(ended.detail, FinishedAlone) == FinishedAlone(person_id=AMIRA, ref=REF)
    assert decode_detail(ended_too.detail, FinishedAlone) == FinishedAlone(
        person_id=AMIRA, claim_id=4
    )


Verb = Callable[[Holdings], Coroutine[Any, Any, Any]]
VERBS: dict[str, Verb] = {
    "told": lambda kept: tell(kept, [hold(9, 2)], [4], is_all=True),
    "give": lambda kept: kept.give(given(), 3, ms(NOW)),
    "finish": lambda kept: kept.finish(next(kept.all()), AMIRA),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_with_a_full_disk_nothing_changed_and_nothing_is_told(
    tmp_path: Path, verb: str
) -> None:
    async with holdings(tmp_path) as (kept, journal):
        await tell(kept, [hold(4)], is_all=True)
        await fill(journal)
        before, told = list(kept.all()), await lines(journal)
        with pytest.raises(JournalFull):
            await VERBS[verb](kept)
        assert list(kept.all()) == before
        assert await lines(journal) == told
        await kept.open()
        assert list(kept.all()) == before


@pytest.mark.parametrize("verb", ["give", "finish"])
async def test_what_breaks_half_way_is_neither_done_nor_told(tmp_path: Path, verb: str) -> None:
    async with holdings(tmp_path) as (kept, journal):
        await tell(kept, [hold(4)], is_all=True)
        number = journal.numbered

        def stop(deed: str) -> None:
            # The line is written first: it must go with what it tells of.
            journal._base.execute(
                f"CREATE TRIGGER stop BEFORE {deed} ON hold BEGIN SELECT RAISE(ABORT, 'no'); END"
            )

        await journal._run(lambda: stop("INSERT" if verb == "give" else "DELETE"))
        with pytest.raises(JournalFull):
            await VERBS[verb](kept)
        assert (names(kept), await lines(journal)) == ({"4"}, [])
        await journal._run(lambda: journal._base.execute("DROP TRIGGER stop"))
        await VERBS[verb](kept)
        # And the next line has the number that was not used.
        assert [line.seq for line in await journal.after(0, 9)] == [number + 1]


async def test_a_grant_of_a_claim_that_ended_opens_nothing_where_all_was_told(
    tmp_path: Path,
) -> None:
    def of(claim_id: int) -> Granted:
        return Granted(id=1, compartment_id=1, begins=NOW, claim=Claim(claim_id, NOW))

    async with holdings(tmp_path) as (kept, _journal):
        # What is not known is not held against anybody.
        assert kept.has(of(5), 1, anything)
        await tell(kept, [hold(4)], is_all=True)
        kept.banks = frozenset({1})
        assert (kept.has(of(4), 1, anything), kept.has(of(5), 1, anything)) == (True, False)
        assert kept.has(of(5), 2, anything)
        assert kept.has(Granted(id=1, compartment_id=1, begins=NOW), 1, anything)


def anything(kept: Kept) -> bool:
    return True


async def test_what_a_claim_lets_somebody_open_comes_with_it(tmp_path: Path) -> None:
    grant = HeldGrant(id=70, begins_ms=ms(NOW), ends_ms=ms(MIDNIGHT))
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4, grant=grant), hold(5, 2)], is_all=True)
        (granted,) = kept.granted()
        assert (granted.id, granted.compartment_id, granted.person_id) == (70, 1, AMIRA)
        assert granted.claim == Claim(4, NOW, MIDNIGHT)
        assert (granted.begins, granted.ends) == (NOW, MIDNIGHT)


@pytest.mark.parametrize("by", ["gone", "all", "revoked"])
async def test_a_grant_that_goes_is_named(tmp_path: Path, by: str) -> None:
    grant = HeldGrant(id=70, begins_ms=ms(NOW))
    async with holdings(tmp_path) as (kept, _journal):
        went: list[int] = []
        kept.on_change = went.extend
        await tell(kept, [hold(4, grant=grant)], is_all=True)
        await tell(kept, [hold(5, 2)])
        assert went == []
        if by == "gone":
            await tell(kept, [], [4])
        elif by == "all":
            await tell(kept, [hold(5, 2)], is_all=True)
        else:
            await tell(kept, [hold(4)])
        assert went == [70]


async def test_who_was_told_of_a_door_has_it_from_that_number_on(tmp_path: Path) -> None:
    def number(kept: Holdings) -> int:
        found = of_claim(kept, 4)
        assert found is not None
        return found.number

    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4, has_begun=False)], number=1, is_all=True)
        await tell(kept, [hold(4)], number=2)
        assert number(kept) == 2
        await tell(kept, [hold(4, stays=True, ends_at_ms=ms(MIDNIGHT) + 1)], number=3)
        await tell(kept, [hold(4)], number=4, is_all=True)
        assert number(kept) == 2
        await tell(kept, [hold(4, 3)], number=5)
        assert number(kept) == 5


async def test_it_is_complete_when_the_last_part_of_all_has_come(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4)], is_all=True, has_more=True)
        assert not kept.is_complete
        await tell(kept, [hold(5, 2)], has_more=True)
        assert not kept.is_complete
        await tell(kept, [hold(6, 3)])
        assert (kept.is_complete, names(kept)) == (True, {"4", "5", "6"})
    async with holdings(tmp_path) as (kept, _journal):
        assert kept.is_complete
        await tell(kept, [hold(4)], is_all=True, has_more=True)
        assert not kept.is_complete


async def test_what_was_given_here_may_be_opened_and_is_theirs(tmp_path: Path) -> None:
    async with holdings(tmp_path) as (kept, _journal):
        await tell(kept, [hold(4, 1, starts_at_ms=ms(NOW) - 1)], is_all=True)
        mine = await kept.give(given(), 3, ms(NOW))
        (granted,) = kept.granted()
        assert (granted.compartment_id, granted.person_id, granted.ends) == (3, AMIRA, MIDNIGHT)
        # Below every number of the server's.
        assert granted.claim is not None and granted.claim.id < 0
        assert [one.key for one in kept.of_person(AMIRA, NOW)] == [mine.key, "4"]
        assert kept.of_person(AMIRA, MIDNIGHT) == []
