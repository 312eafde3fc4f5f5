"""Whether years, terms and half-terms fit together, and which file rows are what."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from lockers import terms
from lockers.importing.oneroster import calendar
from lockers.importing.oneroster.calendar import Entry
from lockers.terms import Fault, Kind, Span

FIRST = dt.date(2026, 9, 1)


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(number)


@st.composite
def calendars(draw: st.DrawFn) -> list[Span]:
    """Draw a few sessions, most of which hang on one that is there."""
    spans: list[Span] = []
    for key in range(draw(st.integers(0, 6))):
        level = draw(st.integers(1, 3))
        above = [span.key for span in spans if span.level == level - 1]
        parent = draw(st.sampled_from(above)) if above else None
        first = draw(st.integers(0, 12))
        spans.append(Span(key, level, day(first), day(first + draw(st.integers(-1, 8))), parent))
    return spans


def is_right(spans: list[Span]) -> bool:
    """Say the same the long way: day by day, each of each level in one session."""
    known = {span.key: span for span in spans}
    for span in spans:
        if span.last <= span.first:
            return False
        if span.level == 1:
            continue
        parent = known.get(span.parent)
        if parent is None or parent.first > span.first or parent.last < span.last:
            return False
    for number in range(-1, 30):
        for level in (1, 2, 3):
            on = [s for s in spans if s.level == level and s.first <= day(number) <= s.last]
            if len(on) > 1:
                return False
    return True


@given(calendars())
def test_a_calendar_is_without_fault_exactly_where_it_is_right(spans: list[Span]) -> None:
    assert (terms.faults(spans) == []) is is_right(spans)


@given(calendars())
def test_every_fault_is_of_a_span_that_is_there(spans: list[Span]) -> None:
    keys = {span.key for span in spans}
    for fault in terms.faults(spans):
        assert fault.key in keys
        assert (fault.other in keys) is (fault.kind in (Kind.OUTSIDE, Kind.OVERLAP))


def test_the_day_that_is_wrong_is_named() -> None:
    year = Span("year", 1, day(0), day(100))
    assert terms.faults([year, Span("late", 2, day(90), day(101), "year")]) == [
        Fault("late", Kind.OUTSIDE, is_first=False, other="year")
    ]
    assert terms.faults([year, Span("early", 2, day(-1), day(10), "year")]) == [
        Fault("early", Kind.OUTSIDE, is_first=True, other="year")
    ]
    both = [Span("a", 2, day(0), day(10), "year"), Span("b", 2, day(10), day(20), "year")]
    assert terms.faults([year, *both]) == [Fault("b", Kind.OVERLAP, is_first=True, other="a")]


def entry(id_: str, type_: str, first: int, last: int, parent: str = "") -> Entry:
    return Entry(id_, 2, id_, type_, day(first), day(last), parent)


def test_what_names_no_parent_belongs_to_what_its_days_lie_in() -> None:
    entries = [
        entry("year", "schoolYear", 0, 300), entry("autumn", "term", 0, 100),
        entry("half", "gradingPeriod", 0, 50),
    ]  # fmt: skip
    depths = calendar.levels(entries, {})
    assert depths == {"year": 1, "autumn": 2, "half": 3}
    assert calendar.parents(entries, depths, {}) == {"year": "", "autumn": "year", "half": "autumn"}


def test_a_term_of_a_semester_is_half_of_it_and_below_that_is_nothing() -> None:
    entries = [
        entry("year", "schoolYear", 0, 300),
        entry("semester", "semester", 0, 150, "year"),
        entry("term", "term", 0, 70, "semester"),
        entry("period", "gradingPeriod", 0, 30, "term"),
    ]
    assert calendar.levels(entries, {}) == {"year": 1, "semester": 2, "term": 3, "period": 4}


def test_a_circle_of_parents_ends() -> None:
    entries = [entry("a", "term", 0, 9, "b"), entry("b", "term", 0, 9, "a")]
    assert set(calendar.levels(entries, {})) == {"a", "b"}
