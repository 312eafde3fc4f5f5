from __future__ import annotations

import pytest

from kiosk import flow
from kiosk.flow import Event, Step


@pytest.mark.parametrize("step", [step for step in Step if step != Step.REVOKED])
def test_every_step_can_be_left_by_the_reset_and_ends_when_the_token_is_revoked(
    step: Step,
) -> None:
    assert flow.after(step, Event.RESET) == Step.ATTRACT
    assert flow.after(step, Event.REVOKED) == Step.REVOKED


def test_a_revoked_screen_stays_so_whatever_happens() -> None:
    assert {flow.after(Step.REVOKED, event) for event in Event} == {Step.REVOKED}


def test_an_event_that_does_not_belong_changes_nothing() -> None:
    assert flow.after(Step.ATTRACT, Event.FINISHED) == Step.ATTRACT


def test_the_main_job_from_tap_to_undo() -> None:
    step = Step.ATTRACT
    for event, expected in [
        (Event.IDENTIFIED_FREE, Step.CHOOSE),
        (Event.CLAIMED, Step.DOOR),
        (Event.CLOSED, Step.YOURS),
        (Event.FINISHED, Step.FINISHED),
        (Event.UNDONE, Step.YOURS),
        (Event.OPENING, Step.DOOR),
        (Event.CLOSED, Step.YOURS),
        (Event.RESET, Step.ATTRACT),
    ]:
        step = flow.after(step, event)
        assert step == expected


def test_a_tap_never_finishes() -> None:
    taps = [event for event in Event if event.value.startswith("identified")]
    for step in set(Step) - {Step.FINISHED}:
        assert Step.FINISHED not in {flow.after(step, tap) for tap in taps}


def test_asking_where_never_leads_to_an_opening_by_itself() -> None:
    taps = [event for event in Event if event.value.startswith("identified")]
    reached = {flow.after(Step.WHERE_ASK, tap) for tap in taps}
    assert reached == {Step.PLACE, Step.NOWHERE, Step.WHICH}


@pytest.mark.parametrize(
    ("event", "asks", "leads_to"),
    [
        (Event.DECLINED, Step.DECLINE, Step.DECLINED),
        (Event.UNSHARED, Step.UNSHARE, Step.YOURS),
    ],
)
def test_what_costs_somebody_something_is_asked_once_more(
    event: Event, asks: Step, leads_to: Step
) -> None:
    for step in set(Step) - {Step.REVOKED}:
        assert flow.after(step, event) == (leads_to if step == asks else step)


def test_every_step_is_reached_from_the_first() -> None:
    reached, waiting = set(), [Step.ATTRACT]
    while waiting:
        step = waiting.pop()
        if step not in reached:
            reached.add(step)
            waiting += [flow.after(step, event) for event in Event]
    assert reached == set(Step)


def test_the_page_is_given_the_very_same_table() -> None:
    table = flow.table()
    assert table["attract"]["use_pin"] == "pin_start"
    assert {len(row) for row in table.values()} == {len(Event)}
