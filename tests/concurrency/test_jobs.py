"""Every job that ends or moves something: two at once, killed in the middle, and with a bad row.

Each scene has three rows that wait, most of them for a day. Whatever happens, each is done once,
whole, and in the order of their times.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.utils import timezone

from access.models import Notice
from config import schedules
from occupancy.services.ending import expiry, warnings
from occupancy.services.ending.sweeping import RowsSetAside
from tests.concurrency.jobs import halting
from tests.concurrency.jobs.scenes import SCENES, Scene
from tests.conftest import MORNING
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db(transaction=True)
# What books recurring bookings ends and moves nothing.
_OTHERS = {"occupancy.jobs.book_series"}


@dataclass
class Play:
    """One scene on its stage: what is to be done, and when the job looks."""

    scene: Scene
    rows: list[int]
    now: dt.datetime

    def all_done_once(self, **more: int) -> None:
        """Each row once, with its letters and nothing more."""
        assert Counter(self.scene.done()) == Counter(self.rows)
        assert self.scene.count() == 3
        letters = Counter(Notice.objects.values_list("kind", flat=True))
        assert letters == Counter(self.scene.letters) + Counter(more)


@pytest.fixture(params=SCENES)
def play(
    request: pytest.FixtureRequest, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Play]:
    scene = SCENES[request.param]
    estate = Estate.build(at=MORNING)
    rows = scene.make(estate, MORNING)
    now = MORNING + scene.after
    monkeypatch.setattr(timezone, "now", lambda: now)
    yield Play(scene, rows, now)


def test_every_job_of_ends_is_in_a_scene() -> None:
    played = {scene.job for scene in SCENES.values()}
    ours = {job.function for job in schedules.JOBS if job.function.startswith("occupancy.")}
    assert ours == played | _OTHERS


def test_two_at_once_do_each_once(play: Play) -> None:
    assert halting.twice_at_once(play.scene) == [None, None]
    assert halting.set_aside(play.scene) == []
    play.all_done_once()


def test_killed_in_the_middle_nothing_is_half_done_and_the_next_run_does_the_rest(
    play: Play,
) -> None:
    halting.kill_in_the_middle(play.scene, play.now.isoformat())
    assert play.scene.done() == play.rows[:1]
    assert play.scene.count() == 1
    assert Notice.objects.count() == bool(play.scene.letters)
    for _again in range(2):
        assert halting.set_aside(play.scene) == []
        assert play.scene.done() == play.rows
        play.all_done_once()


def test_a_poisoned_row_is_set_aside_and_named_and_the_others_go_on(play: Play) -> None:
    with halting.poisoned(play.scene, play.rows[1]):
        assert len(halting.set_aside(play.scene)) == 1
        assert play.scene.done() == [play.rows[0], play.rows[2]]
        assert play.scene.count() == 2
    assert halting.set_aside(play.scene) == []
    # Whose recovery could not begin was told at least that it is overdue.
    play.all_done_once(claim_overdue=int(play.scene is SCENES["recoveries"]))


@pytest.mark.parametrize("play", ["ends"], indirect=True)
def test_the_negative_control_ends_twice_without_the_compare_and_set(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look, then write whatever it is by now: proves that these tests could fail."""
    careless = "UPDATE occupancy_claim SET closed_at = ends_at, closed_how = 'expired'"
    monkeypatch.setattr(expiry, "_CLOSE", f"{careless} WHERE id = %s AND ends_at = %s")
    halting.twice_at_once(play.scene)
    assert max(Counter(play.scene.done()).values()) == 2


@pytest.mark.parametrize("play", ["warnings"], indirect=True)
def test_the_negative_control_warns_twice_when_nobody_notes_it(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "_once", lambda *args, **values: True)
    halting.twice_at_once(play.scene)
    assert Counter(play.scene.done()) == Counter(play.rows * 2)


def test_what_was_set_aside_makes_the_job_a_failed_one() -> None:
    assert str(RowsSetAside(["claim:7"])) == "1 set aside: claim:7"
