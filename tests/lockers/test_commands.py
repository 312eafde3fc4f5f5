from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from audit.models import Event
from audit.services.events import Actor
from lockers.choices import CommandStatus
from lockers.errors import BridgeOffline, NotWired, OpeningNotWaiting, SecondPersonNeeded
from lockers.models import BridgePresence, Command, Compartment
from lockers.services import commands, openings
from tests.factories.cast import Estate


def ask(estate: Estate, at: dt.datetime, **more: object) -> Command:
    command_id = commands.request_open(
        compartment_id=estate.doors[0].pk,
        purpose="test",
        actor=Actor.staff(estate.olga.pk),
        at=at,
        **more,  # type: ignore[arg-type]
    )
    return Command.objects.get(pk=command_id)


def test_a_command_has_a_deadline_and_leaves_a_record(estate: Estate, at: dt.datetime) -> None:
    command = ask(estate, at, reason="the holder forgot a badge")
    assert command.deadline == at + commands.OPEN_WITHIN
    event = Event.objects.get(action="door.open_requested")
    assert (event.actor_kind, event.actor_id) == ("staff", str(estate.olga.pk))
    assert event.reason == "the holder forgot a badge"
    assert event.site_id == estate.site.pk


@pytest.mark.parametrize("silent", [{"connection": None}, {"last_seen_at": "long ago"}])
def test_nothing_is_queued_for_a_silent_bridge(
    estate: Estate, at: dt.datetime, silent: dict[str, object]
) -> None:
    if "last_seen_at" in silent:
        silent = {"last_seen_at": at - dt.timedelta(seconds=13)}
    BridgePresence.objects.update(**silent)
    with pytest.raises(BridgeOffline), transaction.atomic():
        ask(estate, at)
    assert not Command.objects.exists()


def test_a_door_without_a_board_says_so(estate: Estate, at: dt.datetime) -> None:
    Compartment.objects.filter(pk=estate.doors[0].pk).update(controller=None, channel=None)
    with pytest.raises(NotWired), transaction.atomic():
        ask(estate, at)


def test_a_command_is_sent_once_and_never_after_its_deadline(
    estate: Estate, at: dt.datetime
) -> None:
    late, timely = ask(estate, at - dt.timedelta(seconds=11)), ask(estate, at)
    sent = commands.take_queued(bridge_id=estate.bridge.pk, at=at)
    assert [command.pk for command in sent] == [timely.pk]
    assert commands.take_queued(bridge_id=estate.bridge.pk, at=at) == []
    assert commands.expire_overdue(at=at) == 1
    late.refresh_from_db()
    assert (late.status, late.detail) == (CommandStatus.EXPIRED, "never_sent")
    assert Event.objects.filter(action="door.open_expired").count() == 1


def test_a_command_nobody_answered_becomes_unknown_not_opened(
    estate: Estate, at: dt.datetime
) -> None:
    ask(estate, at)
    commands.take_queued(bridge_id=estate.bridge.pk, at=at)
    assert commands.forget_unanswered(at=at + dt.timedelta(seconds=60)) == 0
    assert commands.forget_unanswered(at=at + dt.timedelta(seconds=71)) == 1
    assert Command.objects.get().status == CommandStatus.UNKNOWN


def test_opening_a_whole_bank_takes_two_people_and_a_pause_between_doors(
    estate: Estate, at: dt.datetime
) -> None:
    estate.bank.opening_stagger_ms = 500
    opening = openings.request(bank=estate.bank, reason="fire drill", user_id=estate.olga.pk, at=at)
    with pytest.raises(SecondPersonNeeded), transaction.atomic():
        openings.confirm(opening_id=opening.pk, user_id=estate.olga.pk, at=at)
    assert openings.confirm(opening_id=opening.pk, user_id=estate.max.pk, at=at) == 3
    starts = list(Command.objects.order_by("not_before").values_list("not_before", flat=True))
    assert [(start - at).total_seconds() for start in starts if start] == [0, 0.5, 1.0]
    assert openings.cancel(opening_id=opening.pk, user_id=estate.olga.pk, at=at) == 3
    assert set(Command.objects.values_list("status", flat=True)) == {CommandStatus.CANCELLED}
    actions = Event.objects.filter(action__startswith="bank.").order_by("id")
    assert [event.action for event in actions] == [
        "bank.opening_requested",
        "bank.opening_confirmed",
        "bank.opening_cancelled",
    ]


def test_what_the_bridge_has_of_an_opening_it_alone_takes_back(
    estate: Estate, at: dt.datetime
) -> None:
    opening = openings.request(bank=estate.bank, reason="drill", user_id=estate.olga.pk, at=at)
    openings.confirm(opening_id=opening.pk, user_id=estate.max.pk, at=at)
    first, second, third = commands.take_queued(bridge_id=estate.bridge.pk, at=at)
    Command.objects.filter(pk=first.pk).update(status=CommandStatus.OPENED)
    Command.objects.filter(pk=second.pk).update(status=CommandStatus.ACCEPTED)
    Command.objects.filter(pk=third.pk).update(status=CommandStatus.QUEUED)
    assert commands.taken_back(bridge_id=estate.bridge.pk, at=at) == []
    assert openings.cancel(opening_id=opening.pk, user_id=estate.olga.pk, at=at) == 2
    assert commands.taken_back(bridge_id=estate.bridge.pk, at=at) == [second.pk]
    status = dict(Command.objects.values_list("pk", "status"))
    assert [status[one.pk] for one in (first, second, third)] == ["opened", "accepted", "cancelled"]


def test_a_door_that_opens_just_now_is_not_called_unknown(estate: Estate, at: dt.datetime) -> None:
    ask(estate, at)
    commands.take_queued(bridge_id=estate.bridge.pk, at=at)
    Command.objects.update(status=CommandStatus.OPENED)
    assert commands.forget_unanswered(at=at + dt.timedelta(minutes=5)) == 0
    assert Command.objects.get().status == CommandStatus.OPENED


def test_doors_of_an_opening_are_sent_with_the_pause_between_them(
    estate: Estate, at: dt.datetime
) -> None:
    ask(estate, at)
    opening = openings.request(bank=estate.bank, reason="drill", user_id=estate.olga.pk, at=at)
    openings.confirm(opening_id=opening.pk, user_id=estate.max.pk, at=at)
    sent = commands.take_queued(bridge_id=estate.bridge.pk, at=at)
    pauses = [one.opening.stagger_ms if one.opening else 0 for one in sent]
    assert sorted(pauses) == [0, 300, 300, 300]


def test_a_request_to_open_a_bank_grows_stale(estate: Estate, at: dt.datetime) -> None:
    opening = openings.request(bank=estate.bank, reason="drill", user_id=estate.olga.pk, at=at)
    with pytest.raises(OpeningNotWaiting), transaction.atomic():
        openings.confirm(
            opening_id=opening.pk, user_id=estate.max.pk, at=at + dt.timedelta(minutes=6)
        )
