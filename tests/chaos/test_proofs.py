"""Each proof finds what it is there for: with one thing wrong in the evidence it complains."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from tests.chaos import proofs, stories
from tests.chaos.evidence import Claim, Command, Evidence, GaveUp, Line, Pulse, Told

AMIRA, BEN = 1, 2
JOURNAL, FIRST, SECOND = (uuid.UUID(int=n) for n in (9, 1, 2))


def line(seq: int, kind: str, at: float, command: uuid.UUID | None = None) -> Line:
    return Line(1, JOURNAL, seq, kind, at, 5, command)


@pytest.fixture
def evidence() -> Evidence:
    """Amira has door 5 from 100 to 130 and opens it; then Ben does, while the server is away."""
    lines = [
        line(1, "command_accepted", 100.1, FIRST),
        line(2, "command_opened", 100.4, FIRST),
        line(3, "given_alone", 140.0),
        line(4, "open_alone", 140.1, SECOND),
    ]
    return Evidence(
        pulses=[Pulse(5, 100.2, seq=1), Pulse(5, 140.2, seq=4)],
        told=[
            Told(AMIRA, "yours", 100.0, 100.3, 11, 5, "scan"),
            Told(AMIRA, "gone", 130.0, 130.2, 11, 5),
            Told(BEN, "refused", 110.0, 110.1, scan="of Ben"),
        ],
        gave_up=[GaveUp(AMIRA, 11, 130.0)],
        claims=[
            Claim(11, 5, AMIRA, 100.0, 130.1, "finished", "scan", began=1, over=3),
            Claim(12, 5, BEN, 140.0, None, began=4),
        ],
        commands=[Command(FIRST, 5, AMIRA, 11, 110.0), Command(SECOND, 5, BEN, None, 150.0)],
        audited={FIRST, SECOND},
        written=list(lines),
        stored=list(lines),
    )


def complaints(evidence: Evidence) -> set[str]:
    return {said.partition(":")[0] for said in proofs.violations(evidence)}


def test_what_is_as_it_must_be_is_not_complained_about(evidence: Evidence) -> None:
    assert proofs.violations(evidence) == []


def test_two_claims_of_one_door_at_a_time(evidence: Evidence) -> None:
    evidence.claims[1] = replace(evidence.claims[1], began=2)
    assert "no_double_holder" in complaints(evidence)


def test_a_door_that_was_never_closed_and_is_given_again(evidence: Evidence) -> None:
    evidence.claims[0] = replace(evidence.claims[0], closed_at=None, closed_how="", over=None)
    assert "no_double_holder" in complaints(evidence)


def test_a_door_that_a_bridge_gave_while_the_server_had_given_it(evidence: Evidence) -> None:
    evidence.clashes.append(5)
    assert complaints(evidence) == {"no_double_holder"}


def test_a_door_that_opens_for_somebody_else_while_its_holder_goes_by_it(
    evidence: Evidence,
) -> None:
    # The database looks right: it was closed in time, but not by Amira and nobody told her.
    evidence.gave_up.clear()
    del evidence.told[1]
    assert "no_open_for_another" in complaints(evidence)


def test_a_door_that_opened_for_somebody_is_theirs_although_the_claim_was_withdrawn(
    evidence: Evidence,
) -> None:
    evidence.claims[0] = replace(evidence.claims[0], closed_how="withdrawn")
    del evidence.told[:2]
    evidence.gave_up.clear()
    assert complaints(evidence) == {"no_open_for_another"}


def test_a_pulse_that_no_journal_explains(evidence: Evidence) -> None:
    evidence.pulses.append(Pulse(5, 145.0, seq=4))
    assert complaints(evidence) == {"no_unrecorded_open"}


def test_a_pulse_whose_intent_was_written_after_it(evidence: Evidence) -> None:
    evidence.pulses[0] = Pulse(5, 100.2, seq=0)
    assert complaints(evidence) == {"no_unrecorded_open"}


def test_a_pulse_of_a_command_that_was_said_to_be_too_late(evidence: Evidence) -> None:
    evidence.stored[1] = evidence.written[1] = line(2, "command_expired", 100.4, FIRST)
    assert complaints(evidence) == {"no_unrecorded_open"}


def test_a_pulse_whose_command_the_server_does_not_know(evidence: Evidence) -> None:
    del evidence.commands[1]
    assert complaints(evidence) == {"no_unrecorded_open"}


def test_a_pulse_whose_command_is_not_in_the_trail(evidence: Evidence) -> None:
    evidence.audited.remove(FIRST)
    assert complaints(evidence) == {"no_unrecorded_open"}


def test_a_pulse_after_the_deadline_of_its_command(evidence: Evidence) -> None:
    evidence.pulses[0] = Pulse(5, 111.5, seq=1)
    assert complaints(evidence) == {"no_late_open"}


def test_a_pulse_too_late_for_a_bridge_alone(evidence: Evidence) -> None:
    evidence.pulses[1] = Pulse(5, 146.5, seq=4)
    assert complaints(evidence) == {"no_late_open"}


def test_a_line_that_the_server_does_not_have(evidence: Evidence) -> None:
    evidence.written.append(line(5, "command_closed", 141.0, SECOND))
    assert complaints(evidence) == {"no_lost_event"}


def test_a_gap_in_what_the_server_has(evidence: Evidence) -> None:
    del evidence.written[2], evidence.stored[2]
    assert complaints(evidence) == {"no_lost_event"}


def test_a_line_that_the_server_has_twice(evidence: Evidence) -> None:
    evidence.stored.append(evidence.stored[2])
    assert complaints(evidence) == {"no_lost_event"}


def test_a_line_that_is_another_one_at_the_server(evidence: Evidence) -> None:
    evidence.stored[2] = replace(evidence.stored[2], kind="door_forced")
    assert complaints(evidence) == {"no_lost_event"}


def test_a_journal_that_began_anew(evidence: Evidence) -> None:
    evidence.stored[3] = evidence.written[3] = replace(
        evidence.stored[3], journal=uuid.UUID(int=10)
    )
    assert complaints(evidence) == {"no_lost_event"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"holder": BEN},
        {"door": 6},
        {"closed_how": "withdrawn"},
        {"started_at": 101.0},
        {"closed_at": 99.0},
        {"closed_at": None},
    ],
    ids=str,
)
def test_an_answer_that_was_not_so(evidence: Evidence, wrong: dict[str, object]) -> None:
    evidence.claims[0] = replace(evidence.claims[0], **wrong)  # type: ignore[arg-type]
    assert "answers_are_true" in complaints(evidence)


def test_an_answer_about_a_claim_that_was_lost(evidence: Evidence) -> None:
    del evidence.claims[0]
    assert "answers_are_true" in complaints(evidence)


def test_a_door_that_is_not_theirs_any_more_although_they_did_nothing(evidence: Evidence) -> None:
    evidence.gave_up.clear()
    del evidence.told[1]
    assert "answers_are_true" in complaints(evidence)


def test_a_refusal_that_left_a_claim_behind(evidence: Evidence) -> None:
    evidence.told.append(Told(BEN, "none", 135.0, 135.1))
    evidence.claims[1] = replace(evidence.claims[1], scan="of Ben")
    # He asked again with it.
    assert complaints(evidence) == set()
    evidence.claims[1] = replace(evidence.claims[1], started_at=111.0)
    assert "answers_are_true" in complaints(evidence)


def test_nobody_with_a_door_is_told_that_they_have_none(evidence: Evidence) -> None:
    for at in (99.0, 131.0):
        evidence.told.append(Told(AMIRA, "none", at, at + 0.1))
    assert complaints(evidence) == set()
    evidence.told.append(Told(AMIRA, "none", 120.0, 120.1))
    assert complaints(evidence) == {"answers_are_true"}


def test_a_request_that_ran_into_a_rule_of_the_database(evidence: Evidence) -> None:
    evidence.broken.append("a claim closes after it starts")
    assert complaints(evidence) == {"no_broken_rule"}


def test_what_never_settled(evidence: Evidence) -> None:
    evidence.unsettled.append("bridge north is still alone")
    assert complaints(evidence) == {"all_settled"}


def test_what_is_complained_about_is_told_with_all_that_happened_at_its_door(
    evidence: Evidence,
) -> None:
    del evidence.claims[0]
    found = proofs.violations(evidence)
    told = stories.of(found, evidence)
    about = next(story for said, story in told.items() if "claim 11 on door 5" in said)
    assert about[0].startswith("100.100 bridge 1 wrote 1 command_accepted")
    assert about == sorted(about, key=lambda line: float(line.split()[0]))
    assert any("person 2 was told" in line for line in about) is False
    assert any("claim 12 of person 2 began" in line for line in about)
