"""What a box may do with the one-time code of a bridge."""

from __future__ import annotations

from typing import Any

import msgspec
from django.test import Client, override_settings
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from kiosk.bridge import protocol
from lockers import introduction
from lockers.models import Bridge
from lockers.services import bridge_keys
from tests.factories.cast import BRIDGE_KEY, SETUP, Estate

THIEF, NEXT_KEY = b"the-key-of-a-thief-in-the-tests-", b"the-next-key-of-the-bridge------"
ROLLED_KEY = b"the-key-that-it-rolled-to-------"


def ask(code: str, key: bytes = NEXT_KEY) -> Any:
    """Do what a box does, over HTTP."""
    by_code, by_itself = introduction.request(code, key)
    asked = protocol.Enrol(
        public_key=introduction.public_key(key), by_code=by_code, by_itself=by_itself
    )
    body = msgspec.json.encode(asked)
    return Client().post("/bridge/enrol/", body, content_type="application/json")


def code_for(bridge: Bridge) -> str:
    return bridge_keys.make_code(bridge=bridge, actor=SETUP, at=timezone.now())


def test_the_answer_to_an_enrolment_says_who_the_box_is_and_whom_to_believe(
    estate: Estate,
) -> None:
    code = code_for(estate.bridge)
    told = msgspec.json.decode(ask(code).content, type=protocol.Enrolled)
    assert (told.bridge_id, told.server_keys) == (estate.bridge.pk, bridge_keys.server_keys())
    public = introduction.public_key(NEXT_KEY)
    assert introduction.is_vouched(
        introduction.code_key(code), public, told.bridge_id, told.server_keys, told.mac
    )


def test_a_box_that_did_not_hear_the_answer_is_answered_again(estate: Estate) -> None:
    code = code_for(estate.bridge)
    first, again = ask(code), ask(code)
    assert (first.status_code, again.content) == (200, first.content)
    assert Event.objects.filter(action=Action.ENROLLED).count() == 1


def test_after_it_was_used_a_code_is_worth_nothing_to_another_box(estate: Estate) -> None:
    code = code_for(estate.bridge)
    assert ask(code).status_code == 200
    assert ask(code, THIEF).status_code == 403
    estate.bridge.refresh_from_db()
    assert estate.bridge.public_key == introduction.public_key(NEXT_KEY).hex()


def test_after_a_roll_the_code_does_not_bring_the_old_key_back(estate: Estate) -> None:
    code = code_for(estate.bridge)
    ask(code)
    estate.bridge.refresh_from_db()
    bridge_keys.ask_to_roll(bridge=estate.bridge, actor=SETUP, at=timezone.now())
    assert bridge_keys.roll(
        bridge=estate.bridge,
        old=introduction.public_key(NEXT_KEY),
        new=introduction.public_key(ROLLED_KEY),
        at=timezone.now(),
    )
    assert ask(code).status_code == 403


def test_a_wrong_code_is_refused_and_recorded(estate: Estate) -> None:
    code_for(estate.bridge)
    answer = ask("ABCD-EFGH-JKMN-PQRS")
    assert (answer.status_code, answer.json()["code"]) == (403, "code_refused")
    event = Event.objects.get(action=Action.REFUSED)
    assert (event.actor_kind, event.data["device"]) == ("anonymous", "lockers.bridge")


@override_settings(BRIDGE_KEYS=[])
def test_without_a_key_of_its_own_the_server_enrols_nobody(estate: Estate) -> None:
    answer = ask(code_for(estate.bridge))
    assert (answer.status_code, answer.json()["code"]) == (503, "no_bridge_key")
    estate.bridge.refresh_from_db()
    assert estate.bridge.public_key == introduction.public_key(BRIDGE_KEY).hex()


def test_of_two_codes_only_the_newer_counts(estate: Estate) -> None:
    older, newer = code_for(estate.bridge), code_for(estate.bridge)
    assert [ask(older).status_code, ask(newer).status_code] == [403, 200]
