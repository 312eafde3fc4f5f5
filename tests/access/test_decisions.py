from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.decisions import Code, Facts, decide

NOW = dt.datetime(2026, 11, 17, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
HOLDER = Facts(
    person_status="active",
    credential_status="active",
    needs_grant=True,
    grant_from=NOW - HOUR,
    grant_until=NOW + HOUR,
    service_status="in_service",
)

instants = st.none() | st.sampled_from([NOW - HOUR, NOW, NOW + HOUR])
any_facts = st.builds(
    Facts,
    person_status=st.sampled_from(["active", "suspended", "left"]),
    credential_status=st.sampled_from([None, "active", "suspended", "revoked"]),
    credential_from=instants,
    credential_until=instants,
    needs_grant=st.booleans(),
    grant_from=instants,
    grant_until=instants,
    is_grant_revoked=st.booleans(),
    is_held=st.booleans(),
    assurance=st.sampled_from([None, "plain", "secure", "osdp"]),
    pin_rule=st.sampled_from(["never", "plain", "always"]),
    has_shown_pin=st.booleans(),
    is_pin_alone=st.booleans(),
    curfew=st.none() | st.tuples(st.times(), st.times()),
    service_status=st.sampled_from([None, "in_service", "fault", "out_of_service"]),
)


def test_a_holder_may_open_until_the_grant_ends_and_not_at_its_end() -> None:
    assert decide(HOLDER, NOW).allowed
    assert decide(HOLDER, NOW + HOUR).code == Code.GRANT_OVER


def test_a_fault_never_keeps_a_holder_from_their_things() -> None:
    for status in ("fault", "needs_cleaning", "out_of_service"):
        assert decide(replace(HOLDER, service_status=status), NOW).allowed


@given(any_facts)
def test_only_active_people_with_what_is_asked_are_allowed(facts: Facts) -> None:
    decision = decide(facts, NOW)
    assert decision.allowed == (decision.code == Code.ALLOWED)
    if decision.allowed:
        assert facts.person_status == "active"
        assert not facts.is_held
        assert facts.credential_status in {None, "active"}
        assert facts.has_shown_pin or facts.pin_rule != "always" or facts.assurance is None
        assert not (facts.needs_grant and (facts.grant_from is None or facts.is_grant_revoked))


@given(any_facts)
def test_a_decision_depends_on_nothing_but_its_facts(facts: Facts) -> None:
    assert decide(facts, NOW) == decide(replace(facts), NOW)


def test_the_first_rule_that_fails_names_itself_and_what_was_looked_at_before() -> None:
    decision = decide(replace(HOLDER, credential_status="suspended"), NOW)
    assert [step.rule for step in decision.explanation] == ["person", "credential"]
    assert decision.log()["code"] == "credential_suspended"
    assert str(decision.explanation[-1]).endswith("-> credential_suspended")


def test_a_hold_stops_its_person_before_anything_else_is_asked() -> None:
    assert decide(replace(HOLDER, is_held=True, grant_from=None), NOW).code == Code.PERSON_HELD


@pytest.mark.parametrize(
    ("rule", "assurance", "asks"),
    [
        ("never", "plain", False),
        ("plain", "plain", True),
        ("plain", "secure", False),
        ("plain", "osdp", False),
        ("plain", "not known", True),
        ("always", "osdp", True),
        ("not known", "osdp", True),
        ("always", None, False),  # a PIN was typed, nothing was held to the reader
    ],
)
def test_a_pin_is_asked_for_as_the_bank_says(rule: str, assurance: str | None, asks: bool) -> None:
    shown = replace(HOLDER, pin_rule=rule, assurance=assurance)
    assert decide(shown, NOW).code == (Code.PIN_REQUIRED if asks else Code.ALLOWED)
    assert decide(replace(shown, has_shown_pin=True), NOW).allowed


@pytest.mark.parametrize("rule", ["never", "plain", "always"])
def test_a_number_and_a_pin_are_one_factor(rule: str) -> None:
    typed = replace(HOLDER, pin_rule=rule, is_pin_alone=True)
    assert decide(typed, NOW).allowed == (rule != "always")
    assert rule != "always" or decide(typed, NOW).code == Code.BADGE_REQUIRED


@pytest.mark.parametrize(
    ("begins", "ends", "shut"),
    [
        (dt.time(13, 0), dt.time(14, 0), True),  # it is 13:00 in Berlin
        (dt.time(12, 0), dt.time(13, 0), False),  # over at its end
        (dt.time(22, 0), dt.time(6, 0), False),
        (dt.time(22, 0), dt.time(13, 1), True),  # over midnight
        (dt.time(12, 59), dt.time(12, 58), True),
    ],
)
def test_a_curfew_is_judged_by_the_clock_on_the_wall(
    begins: dt.time, ends: dt.time, shut: bool
) -> None:
    facts = replace(HOLDER, curfew=(begins, ends), time_zone="Europe/Berlin")
    assert decide(facts, NOW).code == (Code.CURFEW if shut else Code.ALLOWED)


def test_a_curfew_follows_summer_time() -> None:
    shut = replace(HOLDER, curfew=(dt.time(22, 0), dt.time(6, 0)), time_zone="Europe/Berlin")
    shut = replace(shut, grant_from=None, needs_grant=False)
    winter, summer = (
        dt.datetime(2026, 1, 17, 4, 30, tzinfo=dt.UTC),
        dt.datetime(2026, 7, 17, 4, 30, tzinfo=dt.UTC),
    )
    assert decide(shut, winter).code == Code.CURFEW  # 05:30
    assert decide(shut, summer).allowed  # 06:30


@given(any_facts)
def test_more_that_stands_against_somebody_never_allows_more(facts: Facts) -> None:
    stricter = replace(facts, is_held=True, pin_rule="always", curfew=(dt.time(0), dt.time(23, 59)))
    assert not decide(stricter, NOW).allowed
