"""Who gives out the doors, at the server's end of a bridge that is played here."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.services import idempotency
from audit.services.events import Actor
from kiosk.bridge import protocol
from kiosk.bridge.protocol import (
    Handback,
    Held,
    Open,
    Renew,
    Renewed,
    Take,
    Written,
)
from kiosk.consumers.bridge import authority as part
from lockers.models import Authority, Bank, Command, LockEvent
from lockers.services import commands
from occupancy.models import AloneUse, Claim, Kept
from occupancy.services import keeping
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests.factories.cast import SETUP, Estate
from tests.kiosk.leases import answered, claim, hand_back, is_answered, lines, quiet, until
from tests.kiosk.test_bridge_lines import Wire, recorded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def estate(transactional_db: None) -> Estate:
    estate = Estate.build(at=timezone.now())
    Bank.objects.update(works_alone=True)
    return estate


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "RENEW_EVERY_S", 0.02)
    monkeypatch.setattr(part, "LOOK_EVERY_S", 0.05)


# ---- the lease -----------------------------------------------------------------------------------


async def test_no_door_is_given_before_a_renewal_is_answered(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await quiet(wire, ())
        assert not await sync_to_async(is_answered)()
        await answered(wire)


async def test_who_stops_answering_is_not_marked_any_more(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "ANSWERS_WITHIN_S", 0.2)
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await answered(wire)
        await asyncio.sleep(0.3)  # as long as the answer counts, and one mark more
        last = (await Authority.objects.aget()).beat_at
        await quiet(wire, (), 40)
        assert (await Authority.objects.aget()).beat_at == last
        await answered(wire)
        await until(lambda: Authority.objects.get().beat_at != last)


async def test_an_answer_for_another_term_changes_nothing(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        for term in (1, 7):
            renew = await wire.told(Renew)
            await wire.send(Renewed(term=term, number=renew.number))
        await quiet(wire, ())
        assert not await sync_to_async(is_answered)()


async def test_an_answer_that_nobody_asked_for_changes_nothing(
    estate: Estate,
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await wire.send(Renewed(term=0, number=100_000))
        await quiet(wire, ())
        assert not await sync_to_async(is_answered)()


async def test_a_bridge_with_a_newer_term_is_believed(estate: Estate) -> None:
    """The database may be an older copy."""
    async with Wire(estate.bridge.pk) as wire:
        await wire.send(wire.end.hello(term=5))
        welcome = await wire.answer()
        assert isinstance(welcome, protocol.Welcome) and welcome.term == 5
        assert (await wire.told(Renew)).term == 5


async def test_a_bridge_that_is_alone_says_no_term_for_the_server(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.send(wire.end.hello(term=5, is_alone=True))
        welcome = await wire.answer()
        assert isinstance(welcome, protocol.Welcome) and welcome.term == 0


# ---- who has which door --------------------------------------------------------------------------


async def test_all_is_told_first_and_then_what_changes(estate: Estate, listening: None) -> None:
    mine = await sync_to_async(claim)(estate)
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        first = await wire.told(Held)
        assert (first.is_all, [one.claim_id for one in first.holds]) == (True, [mine.pk])
        await wire.send(Written(term=0, number=first.number))
        await until(lambda: not keeping.pending([mine.pk]))
        await Claim.objects.filter(pk=mine.pk).aupdate(
            closed_at=timezone.now(), closed_how="finished"
        )
        second = await wire.told(Held)
        assert (second.is_all, second.holds, second.gone) == (False, [], [mine.pk])
        assert second.number > first.number


async def test_what_is_not_acknowledged_stays_pending_and_is_told_again(
    estate: Estate, listening: None
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await wire.told(Held)
        mine = await sync_to_async(claim)(estate)
        first, second = await wire.told(Held), await wire.told(Held)
        assert [one.claim_id for one in first.holds] == [mine.pk]
        assert (second.holds, second.number) == (first.holds, first.number + 1)
        assert await sync_to_async(keeping.pending)([mine.pk]) == {mine.pk}
        # The word for the older one counts for what it said.
        await wire.send(Written(term=0, number=first.number))
        await until(lambda: not keeping.pending([mine.pk]))


async def test_what_was_said_and_ended_before_it_was_answered_is_said_to_be_over(
    estate: Estate, listening: None
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await wire.told(Held)
        mine = await sync_to_async(claim)(estate)
        while not (told := await wire.told(Held)).holds:
            pass
        # The bridge may have it: its word was lost.
        await Claim.objects.filter(pk=mine.pk).aupdate(
            closed_at=timezone.now(), closed_how="withdrawn"
        )
        while not (over := await wire.told(Held)).gone:
            pass
        assert (over.gone, over.holds) == ([mine.pk], [])
        await wire.send(Written(term=0, number=over.number))
        await quiet(wire, (Held,))
        await wire.send(Written(term=0, number=told.number))
        await quiet(wire, (Held,))


async def test_a_renewal_says_up_to_where_the_bridge_is_known_to_have_written(
    estate: Estate,
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        assert (await wire.told(Renew)).known == 0
        told = await wire.told(Held)
        await wire.send(Written(term=0, number=told.number))
        while (renew := await wire.told(Renew)).known == 0:
            pass
        assert renew.known == told.number


@pytest.mark.parametrize("wrong", ["term", "number"])
async def test_an_acknowledgement_of_something_else_keeps_nothing(
    estate: Estate, wrong: str
) -> None:
    mine = await sync_to_async(claim)(estate)
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        told = await wire.told(Held)
        other = {"term": 3} if wrong == "term" else {"number": told.number + 9}
        await wire.send(Written(**{"term": 0, "number": told.number, **other}))
        await quiet(wire, ())
        assert await sync_to_async(keeping.pending)([mine.pk]) == {mine.pk}


async def test_a_door_opens_only_when_the_bridge_has_written_down_whose_it_is(
    estate: Estate, listening: None
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await answered(wire)
        await wire.told(Held)
        mine = await sync_to_async(claim)(estate)
        await sync_to_async(commands.request_open)(
            compartment_id=estate.doors[0].pk, purpose="claim", actor=SETUP, at=timezone.now(),
            claim_id=mine.pk,
        )  # fmt: skip
        # Not before its word, however often it is told.
        await quiet(wire, (Open,))
        while not isinstance(message := await wire.answer(), Open):
            if isinstance(message, Held):
                await wire.send(Written(term=message.term, number=message.number))
        assert await sync_to_async(keeping.pending)([mine.pk]) == set()


async def test_a_person_is_told_their_door_when_the_bridge_wrote_it_down(
    estate: Estate, listening: None
) -> None:
    def ask() -> int:
        got = idempotency.run(
            lambda: assignments.claim(
                person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
                actor=SETUP, at=timezone.now(),
            )
        )  # fmt: skip
        return got.claim_id

    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await answered(wire)
        asked = asyncio.create_task(sync_to_async(ask, thread_sensitive=False)())
        while not asked.done():
            message = await wire.answer()
            if isinstance(message, Renew):
                await wire.send(Renewed(term=message.term, number=message.number))
            elif isinstance(message, Held):
                await wire.send(Written(term=message.term, number=message.number))
        claim_id = await asked
    assert await Kept.objects.filter(claim_id=claim_id).aexists()


# ---- the way back --------------------------------------------------------------------------------


async def test_the_doors_are_taken_back_when_every_line_is_stored(
    estate: Estate, listening: None
) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await hand_back(wire, estate)
        await quiet(wire, (Take,))
        await wire.send(protocol.Events(after=1, lines=lines(estate)[1:]))
        take = await wire.told(Take)
        # What it gave is true here by then.
        assert (take.term, await AloneUse.objects.acount(), await LockEvent.objects.acount()) == (
            2, 1, 2,
        )  # fmt: skip
        held = await wire.told(Held)
        given = await AloneUse.objects.aget()
        assert (held.is_all, held.term) == (True, 2)
        assert given.claim_id in {one.claim_id for one in held.holds}
        assert (await wire.told(Renew)).term == 2
    (event,) = await recorded(Action.AUTHORITY_RETURNED)
    assert event.data == {"term": 2}
    (begun,) = await recorded(Action.ALONE_BEGAN)
    assert (begun.subject, begun.data["term"]) == (f"bridge:{estate.bridge.pk}", "1")


async def test_no_answer_in_the_old_term_counts_after_that(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await hand_back(wire, estate)
        await wire.send(protocol.Events(after=1, lines=lines(estate)[1:]))
        await wire.told(Take)
        renew = await wire.told(Renew)
        for term in (0, 1):
            await wire.send(Renewed(term=term, number=renew.number))
        await quiet(wire, ())
        assert not await sync_to_async(is_answered)()
        await answered(wire)


async def test_handed_back_twice_it_is_the_same_term(estate: Estate) -> None:
    async with Wire(estate.bridge.pk) as wire:
        await hand_back(wire, estate)
        await wire.send(protocol.Events(after=1, lines=lines(estate)[1:]))
        assert (await wire.told(Take)).term == 2
    # The word was lost: it comes again with all that it has.
    async with Wire(estate.bridge.pk) as wire:
        await wire.send(wire.end.hello(term=1, is_alone=True, last_seq=2))
        await wire.answer()
        await wire.send(Handback(term=1, last_seq=2))
        assert (await wire.told(Take)).term == 2
    assert len(await recorded(Action.AUTHORITY_RETURNED)) == 1


async def test_what_people_asked_for_before_the_doors_came_back_opens_nothing(
    estate: Estate, listening: None
) -> None:
    asked = [
        await sync_to_async(commands.request_open)(
            compartment_id=estate.doors[0].pk, purpose="open", actor=actor, at=timezone.now()
        )
        for actor in (Actor.person(estate.amira.pk), Actor.staff(estate.olga.pk))
    ]
    async with Wire(estate.bridge.pk) as wire:
        await wire.send(wire.end.hello(term=1, is_alone=True))
        # It has not handed back: nothing is opened, for whoever asked.
        await quiet(wire, (Open,))
        await wire.send(Handback(term=1, last_seq=0))
        assert (await wire.told(Take)).term == 2
        await answered(wire)
        opened = await wire.told(Open)
        assert opened.command_id == asked[1]
        await quiet(wire, (Open,))
    assert (await Command.objects.aget(pk=asked[0])).status == "cancelled"


# ---- switched on and off -------------------------------------------------------------------------


@pytest.mark.parametrize("works_alone", [True, False])
async def test_a_bank_that_is_switched_is_greeted_anew(
    estate: Estate, listening: None, works_alone: bool
) -> None:
    await Bank.objects.aupdate(works_alone=not works_alone)
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await Bank.objects.aupdate(works_alone=works_alone)
        assert await wire.closed() == 1012
    async with Wire(estate.bridge.pk) as wire:
        welcome = await wire.greet()
        assert isinstance(welcome, protocol.Welcome)
        assert [bank.works_alone for bank in welcome.config.banks] == [works_alone]
        if works_alone:
            await wire.told(Renew)


async def test_a_bank_is_leased_until_its_bridge_says_that_it_would_not_give_it_out(
    estate: Estate, listening: None
) -> None:
    def needs_a_lease() -> bool:
        """Say so of a moment in which the bridge has not answered for long."""
        with transaction.atomic():
            Authority.objects.update(beat_at=None)
            return estate.bank.pk in keeping.deciding_alone([estate.bank.pk])

    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await answered(wire)
    await Bank.objects.aupdate(works_alone=False)
    # It was told nothing of that yet.
    assert await sync_to_async(needs_a_lease)()
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        await answered(wire)
        # By the orders on its disk, it would.
        await wire.send(protocol.Health(boards=[], config_hash="", gives=[estate.bank.pk]))
        await answered(wire)
        assert await sync_to_async(needs_a_lease)()
        await answered(wire)
        await wire.send(protocol.Health(boards=[], config_hash=""))
        await until(lambda: Authority.objects.get().banks == [])
    assert not await sync_to_async(needs_a_lease)()


async def test_without_such_a_bank_there_is_no_lease(estate: Estate) -> None:
    await Bank.objects.aupdate(works_alone=False)
    async with Wire(estate.bridge.pk) as wire:
        await wire.greet()
        while await wire.wire.receive_nothing(0.2) is False:
            assert not isinstance(await wire.answer(), Renew | Held)
