"""Until when a door is somebody's, as its own screen says it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo

import pytest

from kiosk import untils
from kiosk.untils import Standing, Use
from occupancy.choices import UseModel
from tests.conftest import MORNING

LONDON = zoneinfo.ZoneInfo("Europe/London")
HOUR = dt.timedelta(hours=1)
DAY_USE = Use(
    number="7",
    model=UseModel.DAY_USE,
    due_at=MORNING + 3 * HOUR,
    ends_at=MORNING + 3 * HOUR + dt.timedelta(minutes=10),
)


@pytest.mark.parametrize(
    ("minutes", "standing"),
    [
        (164, Standing.GOOD),
        (165, Standing.WARNING),
        (179, Standing.WARNING),
        (180, Standing.GRACE),
        (189, Standing.GRACE),
        (190, Standing.OVERDUE),
    ],
)
def test_a_use_is_warned_of_its_end_then_let_off_then_over(
    minutes: int, standing: Standing
) -> None:
    assert untils.standing(DAY_USE, MORNING + dt.timedelta(minutes=minutes)) is standing


def test_what_staff_are_to_empty_is_that_and_nothing_else() -> None:
    use = dataclasses.replace(DAY_USE, recovery_at=MORNING)
    assert untils.standing(use, MORNING + 5 * HOUR) is Standing.RECOVERY
    assert "Ask reception" in untils.sentence(use, LONDON, MORNING + 5 * HOUR)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "Door 7 is yours until 12:00."),
        ({"model": UseModel.SHIFT}, "Door 7 is yours until your shift ends, at 12:00."),
        (
            {"model": UseModel.SESSION},
            "Door 7 is yours until you open it again, at the latest until 12:00.",
        ),
        ({"due_at": MORNING + 15 * HOUR}, "Door 7 is yours until midnight."),
        ({"due_at": MORNING + 39 * HOUR}, "Door 7 is yours until the end of 18 Nov 2026."),
        ({"due_at": MORNING + 27 * HOUR}, "Door 7 is yours until 12:00 on 18 Nov 2026."),
        ({"due_at": None, "ends_at": None}, "Door 7 is yours until it is changed."),
        (
            {"model": UseModel.ROLE, "due_at": None, "ends_at": None, "group": "Porter"},
            "Door 7 is for your role: Porter.",
        ),
        ({"is_shared": True}, "Door 7 is shared with you."),
        ({"is_shared": True, "is_once": True}, "You may open door 7 once."),
    ],
)
def test_the_sentence_names_what_the_end_depends_on(
    changed: dict[str, object], sentence: str
) -> None:
    given = {"ends_at": changed.get("due_at", DAY_USE.ends_at), **changed}
    use = dataclasses.replace(DAY_USE, **given)  # type: ignore[arg-type]
    assert untils.sentence(use, LONDON, MORNING) == sentence


def test_the_site_s_clocks_count_also_on_the_day_they_change() -> None:
    # 25 October 2026, 01:30 UTC: the second half past one of that night in London.
    at = dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
    assert untils.when(at, LONDON, at) == "01:30"
    assert untils.when(at - HOUR, LONDON, at) == "01:30"
    assert untils.when(at, zoneinfo.ZoneInfo("Asia/Kathmandu"), at) == "07:15"


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (dt.timedelta(seconds=20), "1 minute"),
        (dt.timedelta(minutes=119), "119 minutes"),
        (2 * HOUR, "2 hours"),
        (47 * HOUR, "47 hours"),
        (48 * HOUR, "2 days"),
    ],
)
def test_a_wait_is_said_in_one_unit(wait: dt.timedelta, said: str) -> None:
    assert untils.about(wait) == said
