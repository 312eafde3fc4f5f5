"""The ladder of a life, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance import lives
from maintenance.choices import AssetState
from maintenance.lives import STEPS, Verb


def test_every_verb_has_its_step() -> None:
    assert set(STEPS) == set(Verb)


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("planned", {"order", "deliver", "install"}),
        ("ordered", {"deliver", "install"}),
        ("in_store", {"install", "dispose"}),
        ("installed", {"move", "remove"}),
        ("removed", {"install", "dispose"}),
        ("disposed", set()),
    ],
)
def test_what_can_be_done_in_each_state(state: str, verbs: set[str]) -> None:
    assert {str(verb) for verb in lives.verbs(AssetState(state))} == verbs


@given(st.lists(st.sampled_from(Verb), max_size=12))
def test_whatever_is_tried_nothing_hangs_and_is_gone_and_nothing_comes_back(
    tried: list[Verb],
) -> None:
    state, was = AssetState.PLANNED, []
    for verb in tried:
        if lives.may(verb, state):
            was.append(state)
            state = STEPS[verb].after
    if state is AssetState.DISPOSED:
        assert was[-1] in (AssetState.IN_STORE, AssetState.REMOVED)
    assert AssetState.DISPOSED not in was
