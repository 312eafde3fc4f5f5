"""Who gives out the doors, at the bridge: what it answers, when it begins alone, and the way back.

Time stands still here unless a test moves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.bridge import authority
from kiosk.bridge.protocol import Handback, Renew, Renewed, Take, Written
from tests.bridge.leases import DRIFT_S, LEASE_S, TERM, Box, bridge, held
from tests.bridge.test_enrolment import until
from tests.bridge.test_full_disk import fill
from tests.bridge.test_holdings import given, hold, names, of_claim


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "LOOKS_EVERY_S", 0.001)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with bridge(tmp_path) as opened:
        yield opened


# ---- the lease -----------------------------------------------------------------------------------


async def test_a_renewal_is_answered_in_its_term_and_in_no_other(box: Box) -> None:
    await box.greet()
    assert await box.say(Renew(term=TERM, number=9)) == [Renewed(term=TERM, number=9)]
    assert await box.say(Renew(term=TERM - 1, number=9)) == []
    assert await box.say(Renew(term=TERM + 1, number=9)) == []


async def test_it_opens_for_whom_the_server_knows_to_be_written_down_also_after_a_start(
    tmp_path: Path,
) -> None:
    def may_open(box: Box) -> bool:
        kept = of_claim(box.kept, 4)
        assert kept is not None
        return box.side.may_open(kept)

    async with bridge(tmp_path) as box:
        await box.learn(number=7)
        assert not may_open(box)
        await box.say(Renew(term=TERM, number=1, known=6))
        assert not may_open(box)
        await box.say(Renew(term=TERM, number=2, known=7))
        assert may_open(box)
        # A process of the server that was not told of it yet takes nothing back.
        await box.say(Renew(term=TERM, number=3, known=0))
        assert may_open(box)
    async with bridge(tmp_path) as box:
        assert may_open(box)


async def test_alone_it_opens_for_everybody_and_no_more_when_it_gives_back(box: Box) -> None:
    await box.is_cut_off()
    kept = of_claim(box.kept, 4)
    assert kept is not None
    assert box.side.may_open(kept)
    await box.greet()
    assert not box.side.may_open(kept)
    mine = await box.kept.give(given(), 3, 0)
    assert box.side.may_open(mine)


async def test_alone_it_answers_no_renewal(box: Box) -> None:
    await box.is_cut_off()
    for term in (TERM, TERM + 1):
        said = await box.say(Renew(term=term, number=9))
        assert not any(isinstance(one, Renewed) for one in said)


async def test_it_begins_alone_when_lease_and_drift_are_over_since_its_last_answer(
    box: Box,
) -> None:
    await box.learn()
    await box.wait(50)
    await box.say(Renew(term=TERM, number=1))
    await box.wait(LEASE_S + DRIFT_S - 0.1)
    assert not box.side.is_alone
    await box.wait(0.1)
    assert box.side.may_give
    assert box.side.term == TERM + 1


async def test_a_renewal_that_is_not_answered_puts_nothing_off(box: Box) -> None:
    await box.learn()
    await box.wait(50)
    await box.say(Renew(term=TERM - 1, number=1))
    await box.wait(15)
    assert box.side.may_give


async def test_it_stands_in_the_journal_before_any_door_is_given(box: Box) -> None:
    await box.is_cut_off()
    (line,) = await box.journal.after(0, 9)
    assert (line.kind, line.detail) == ("alone_began", str(TERM + 1))


async def test_where_no_bank_works_alone_it_never_begins(tmp_path: Path) -> None:
    async with bridge(tmp_path, works_alone=False) as box:
        await box.greet()
        await box.say(held(1, is_all=True))
        box.clock.at += 10_000
        await box.side._begin_alone()
        assert not box.side.is_alone


async def test_what_comes_while_it_writes_down_that_it_is_alone_is_not_answered(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the server had its word and went on, and so would the bridge."""
    await box.learn()
    change, writing, go_on = box.journal.change, asyncio.Event(), asyncio.Event()

    async def slow(*args: Any, **values: Any) -> None:
        writing.set()
        await go_on.wait()
        await change(*args, **values)

    monkeypatch.setattr(box.journal, "change", slow)
    box.clock.at += 10_000
    await writing.wait()
    box.sent.clear()
    asked = [
        asyncio.create_task(box.side.takes[type(one)](one))
        for one in (Renew(term=TERM, number=2), held(2, holds=[], gone=[4]))
    ]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*asked)
    assert (box.side.is_alone, names(box.kept)) == (True, {"4"})
    assert {type(one) for one in box.sent} == {Handback}


async def test_with_a_full_disk_it_does_not_begin(box: Box) -> None:
    await box.learn()
    await fill(box.journal)
    await box.wait(10_000)
    assert not box.side.is_alone


# ---- what it is told -----------------------------------------------------------------------------


async def test_what_is_acknowledged_is_written_down(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.learn()
    async with bridge(tmp_path) as box:
        assert names(box.kept) == {"4"}


async def test_what_is_older_than_what_it_heard_changes_nothing(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.learn(number=7)
        assert await box.say(held(6, holds=[], gone=[4])) == []
        assert names(box.kept) == {"4"}
    # Nor after a restart.
    async with bridge(tmp_path) as box:
        await box.greet()
        assert await box.say(held(6, holds=[], gone=[4])) == []
        assert await box.say(held(7, holds=[hold(5)])) == [Written(term=TERM, number=7)]
        assert names(box.kept) == {"4", "5"}


@pytest.mark.parametrize("term", [TERM - 1, TERM + 1])
async def test_what_is_told_in_another_term_changes_nothing(box: Box, term: int) -> None:
    await box.learn()
    assert await box.say(held(9, term=term, holds=[], gone=[4])) == []
    assert names(box.kept) == {"4"}


async def test_alone_it_hears_of_no_holder(box: Box) -> None:
    await box.is_cut_off()
    for term in (TERM, TERM + 1):
        assert await box.say(held(9, term=term, holds=[], gone=[4])) == []
    assert names(box.kept) == {"4"}


async def test_what_cannot_be_written_down_is_not_acknowledged(box: Box) -> None:
    await box.learn()
    await fill(box.journal)
    assert await box.say(held(2, holds=[hold(5)])) == []
    assert names(box.kept) == {"4"}


async def test_a_bank_with_a_newer_term_tells_its_numbers_from_the_beginning(box: Box) -> None:
    await box.learn(number=7)
    await box.greet(TERM + 2)
    assert await box.say(held(1, term=TERM + 2)) == [Written(term=TERM + 2, number=1)]


async def test_a_server_with_an_older_term_is_not_believed(box: Box) -> None:
    await box.learn()
    await box.greet(TERM - 1)
    assert box.side.term == TERM
    assert await box.say(Renew(term=TERM - 1, number=1)) == []


# ---- the way back --------------------------------------------------------------------------------


async def test_greeted_it_gives_no_more_and_hands_back_all_it_did(box: Box) -> None:
    await box.is_cut_off()
    assert await box.greet() == [Handback(term=TERM + 1, last_seq=1)]
    assert (box.side.is_alone, box.side.may_give) == (True, False)


async def test_taken_back_it_answers_in_the_next_term(box: Box) -> None:
    await box.is_cut_off()
    await box.greet()
    await box.say(Take(term=TERM + 2))
    assert not box.side.is_alone
    assert await box.say(Renew(term=TERM + 2, number=1)) == [Renewed(term=TERM + 2, number=1)]
    # And the time counts from then on.
    await box.wait(LEASE_S)
    assert not box.side.is_alone


@pytest.mark.parametrize("term", [TERM, TERM + 1, TERM + 3])
async def test_nothing_is_taken_back_by_another_term(box: Box, term: int) -> None:
    await box.is_cut_off()
    await box.greet()
    await box.say(Take(term=term))
    assert box.side.is_alone


async def test_a_server_that_renews_late_on_a_line_that_was_never_lost_gets_the_doors_back(
    box: Box,
) -> None:
    await box.is_cut_off()
    for number in (8, 9):
        (back,) = await box.say(Renew(term=TERM, number=number))
        assert isinstance(back, Handback) and back.term == TERM + 1
        assert box.side.is_alone and not box.side.may_give
    await box.say(Take(term=TERM + 2))
    assert not box.side.is_alone
    assert await box.say(Renew(term=TERM + 2, number=10)) == [Renewed(term=TERM + 2, number=10)]


async def test_nothing_is_taken_back_that_was_not_handed_back(box: Box) -> None:
    await box.is_cut_off()
    await box.say(Take(term=TERM + 2))
    assert box.side.may_give


async def test_cut_off_on_the_way_back_it_goes_on_above_every_term_that_may_have_begun(
    box: Box,
) -> None:
    await box.is_cut_off()
    await box.greet()
    await box.side.cut()
    assert (box.side.may_give, box.side.term) == (True, TERM + 3)
    # A word that comes late takes nothing back, nor does it answer for that term.
    await box.say(Take(term=TERM + 2))
    assert box.side.may_give
    assert {type(one) for one in await box.say(Renew(term=TERM + 2, number=1))} == {Handback}
    assert await box.greet() == [Handback(term=TERM + 3, last_seq=1)]


async def test_cut_off_while_the_server_has_the_doors_nothing_changes(box: Box) -> None:
    await box.learn()
    await box.side.cut()
    assert (box.side.is_alone, box.side.term) == (False, TERM)


# ---- after a restart -----------------------------------------------------------------------------


async def test_a_restart_counts_as_an_answer(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.learn()
    # A clock that begins anew, as after a reboot.
    async with bridge(tmp_path, at=3.0) as box:
        await box.wait(LEASE_S + DRIFT_S - 0.1)
        assert not box.side.is_alone
        await box.wait(0.1)
        assert box.side.may_give


async def test_alone_it_goes_on_alone_after_a_restart(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.is_cut_off()
    async with bridge(tmp_path, at=3.0) as box:
        assert (box.side.may_give, box.side.term) == (True, TERM + 1)
        assert await box.lines() == ["alone_began"]


async def test_returning_it_is_returning_after_a_restart(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.is_cut_off()
        await box.greet()
    async with bridge(tmp_path, at=3.0) as box:
        assert (box.side.is_alone, box.side.may_give) == (True, False)
        assert await box.greet() == [Handback(term=TERM + 1, last_seq=1)]
        await box.say(Take(term=TERM + 2))
        assert not box.side.is_alone


async def test_taken_back_it_is_the_servers_after_a_restart(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.is_cut_off()
        await box.greet()
        await box.say(Take(term=TERM + 2))
    async with bridge(tmp_path, at=3.0) as box:
        assert (box.side.is_alone, box.side.term) == (False, TERM + 2)


async def test_a_lease_that_was_agreed_counts_after_a_restart(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.learn()
        await box.greet(lease_s=600)
    async with bridge(tmp_path, at=3.0) as box:
        await box.wait(600)
        assert not box.side.is_alone
        await box.wait(50)
        assert box.side.is_alone


async def test_a_journal_under_a_new_name_has_to_be_told_all_first(tmp_path: Path) -> None:
    async with bridge(tmp_path) as box:
        await box.learn()
        await box.journal.rename()
        box.clock.at += 10_000
        await box.side._begin_alone()
        assert not box.side.is_alone
        await box.say(held(2, is_all=True))
        await until(lambda: box.side.is_alone)
