from __future__ import annotations

import datetime as dt
from dataclasses import replace

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
    grant_revoked=st.booleans(),
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
        assert facts.credential_status in {None, "active"}
        assert not (facts.needs_grant and (facts.grant_from is None or facts.grant_revoked))


@given(any_facts)
def test_a_decision_depends_on_nothing_but_its_facts(facts: Facts) -> None:
    assert decide(facts, NOW) == decide(replace(facts), NOW)
