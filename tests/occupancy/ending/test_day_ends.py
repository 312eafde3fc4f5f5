"""The end of a day: every locked door is tried, and what came of each is known."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from audit.services.events import Actor
from lockers.models import Command, Compartment
from occupancy.errors.recovery import NotOpened
from occupancy.models import Assignment, DayEnd
from occupancy.services.ending import day_ends, recovery
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending.held import HOUR, hold, policy

EVENING = dt.timedelta(seconds=1)


def held(estate: Estate, at: dt.datetime) -> list[Assignment]:
    under = policy(estate)
    people = (estate.amira, estate.ben, estate.carla)
    return [
        hold(estate, under, at - HOUR, at + HOUR, door=door, who=who)
        for door, who in enumerate(people)
    ]


def begun(estate: Estate, at: dt.datetime) -> DayEnd:
    day_end = day_ends.plan(site=estate.site, reason="closing", actor=SETUP, at=at)
    day_ends.go_on(day_end=day_end, actor=SETUP, at=at)
    return day_end


def results(day_end: DayEnd) -> list[str]:
    return list(day_end.doors.order_by("position").values_list("result", flat=True))


def test_they_open_one_after_another_and_each_result_is_recorded(
    estate: Estate, at: dt.datetime
) -> None:
    held(estate, at)
    day_end = begun(estate, at)
    commands = [one.command for one in day_end.doors.select_related("command")]
    assert [one.not_before - at for one in commands if one and one.not_before] == [
        dt.timedelta(milliseconds=300 * n) for n in range(3)
    ]
    ids = [one.pk for one in commands if one]
    Command.objects.filter(pk=ids[0]).update(status="opened")
    Command.objects.filter(pk=ids[1]).update(status="failed", detail="jammed")
    assert day_ends.settle(day_end=day_end, at=at) == 2
    assert results(day_end) == ["success", "failed", "asked"]


def test_it_goes_on_after_a_door_that_cannot_be_asked(estate: Estate, at: dt.datetime) -> None:
    first, second, third = held(estate, at)
    Compartment.objects.filter(pk=first.compartment_id).update(controller=None, channel=None)
    day_end = day_ends.plan(site=estate.site, reason="closing", actor=SETUP, at=at)
    Assignment.objects.filter(pk=second.pk).update(closed_at=at, closed_how="finished")
    day_ends.go_on(day_end=day_end, actor=SETUP, at=at)
    assert results(day_end) == ["skipped", "already_free", "asked"]
    assert Command.objects.get().claim_id == third.pk


def test_what_is_in_recovery_is_left_to_it(estate: Estate, at: dt.datetime) -> None:
    first = held(estate, at)[0]
    recovery.begin(claim_id=first.pk, actor=SETUP, at=at, reason="overdue")
    assert results(begun(estate, at))[0] == "skipped"


def test_a_silent_bridge_is_a_failure_for_each_of_its_doors(
    estate: Estate, at: dt.datetime
) -> None:
    held(estate, at)
    estate.bridge.presence.connection = None
    estate.bridge.presence.save(update_fields=["connection"])
    assert results(begun(estate, at)) == ["failed"] * 3


def test_killed_in_the_middle_the_rest_is_asked_by_the_job_and_none_twice(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(estate, at)
    day_end = day_ends.plan(site=estate.site, reason="closing", actor=SETUP, at=at)
    ask, asked = day_ends._ask, []

    class Killed(BaseException):
        pass

    def dies(*args: Any) -> int:
        if asked:
            raise Killed
        asked.append(1)
        return ask(*args)

    monkeypatch.setattr(day_ends, "_ask", dies)
    with pytest.raises(Killed):
        day_ends.go_on(day_end=day_end, actor=SETUP, at=at)
    monkeypatch.undo()
    assert results(day_end) == ["asked", "waiting", "waiting"]
    assert day_ends.settle_all(at=at) == 2
    assert Command.objects.count() == 3
    assert day_ends.settle_all(at=at) == 0


def test_a_door_that_waited_too_long_is_not_opened_any_more(
    estate: Estate, at: dt.datetime
) -> None:
    held(estate, at)
    day_end = day_ends.plan(site=estate.site, reason="closing", actor=SETUP, at=at)
    day_ends.go_on(day_end=day_end, actor=SETUP, at=at + dt.timedelta(minutes=11))
    assert results(day_end) == ["failed"] * 3
    assert not Command.objects.exists()


def test_only_what_opened_is_released(estate: Estate, at: dt.datetime) -> None:
    held(estate, at)
    day_end = begun(estate, at)
    doors = list(day_end.doors.order_by("position"))
    with pytest.raises(NotOpened):
        day_ends.release(day_end=day_end, doors=[doors[0].pk], actor=SETUP, at=at)
    Command.objects.filter(pk=doors[0].command_id).update(status="closed")
    freed = day_ends.release(day_end=day_end, doors=[doors[0].pk], actor=SETUP, at=at)
    assert freed == [doors[0].pk]
    assert day_ends.release(day_end=day_end, doors=[doors[0].pk], actor=SETUP, at=at) == []
    assert Assignment.objects.get(pk=doors[0].claim_id).closed_how == "released_by_staff"


def test_the_screen_lists_opens_and_releases(estate: Estate, at: dt.datetime) -> None:
    claims = held(estate, at)
    with time_machine.travel(at, tick=False):
        client = signed_in(estate.olga)
        page = client.get(reverse("day-end-new", args=[estate.site.pk]))
        assert b"3 doors are still locked" in page.content
        asked = {"reason": "closing", "key": page.context["key"],
                 "claim": [claims[0].pk, claims[1].pk]}  # fmt: skip
        for _twice in range(2):
            answer = client.post(reverse("day-end-new", args=[estate.site.pk]), asked)
            assert answer.status_code == 302
        day_end = DayEnd.objects.get()
        assert results(day_end) == ["asked", "asked"]
        Command.objects.update(status="opened")
        seen = client.get(answer["Location"])
        assert seen.content.count(b'data-result="success"') == 2
        door = day_end.doors.first()
        assert door is not None
        client.post(reverse("day-end-release", args=[day_end.pk]), {"door": [door.pk]})
        assert Assignment.objects.filter(closed_at__isnull=False).count() == 1
        assert signed_in(estate.nina).get(answer["Location"]).status_code == 404


def test_what_was_unticked_stays_so_and_one_key_is_for_one_list(
    estate: Estate, at: dt.datetime
) -> None:
    claims = [claim.pk for claim in held(estate, at)]
    address = reverse("day-end-new", args=[estate.site.pk])
    with time_machine.travel(at, tick=False):
        client = signed_in(estate.olga)
        page = client.get(address)
        assert set(page.context["ticked"]) == set(claims)
        asked = {"reason": "", "key": page.context["key"], "claim": claims[:1]}
        without = client.post(address, asked)
        assert without.context["ticked"] == claims[:1]
        assert without.content.count(b" checked") == 1
        assert b'role="alert">Please say why.' in without.content
        assert not DayEnd.objects.exists()
        asked["reason"] = "closing"
        assert client.post(address, asked).status_code == 302
        # The page before, with another door ticked: no answer to the first list is one to it.
        other = client.post(address, {**asked, "claim": claims[1:2]})
        assert other.status_code == 200 and other.context["problem"]
        assert DayEnd.objects.get().doors.get().claim_id == claims[0]


def test_the_command_does_the_same(estate: Estate, at: dt.datetime) -> None:
    held(estate, at)
    estate.bridge.presence.connection = None
    estate.bridge.presence.save(update_fields=["connection"])
    out = io.StringIO()
    with time_machine.travel(at, tick=False):
        call_command("end_of_day", site="Harbour House", list=True, stdout=out)
        call_command("end_of_day", site=str(estate.site.pk), wait=0, stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[:3] == ["A 1", "A 2", "A 3"]
    assert lines[-1] == "3 failed"
    assert Actor.job("end_of_day").id == "end_of_day"
