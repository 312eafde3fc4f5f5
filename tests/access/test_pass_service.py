"""Passes in the register: who gets one, when it counts, and that it is gone when taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import override_settings

from access import passes as texts
from access.choices import PersonStatus
from access.errors.decisions import DoorOfAnother, PassNotAllowed
from access.errors.passes import NoPassKey, PassOver, PassRefused
from access.models import Pass, Person
from access.services import holds, passes
from access.services.shown import Where
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from tests import factories
from tests.factories.cast import AMIRA_PIN, SETUP, Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def where(estate: Estate) -> Where:
    return Where(
        Actor.terminal(estate.terminal.pk),
        estate.organisation.pk,
        estate.site.pk,
        estate.bank.pk,
    )


def issue(estate: Estate, at: dt.datetime, **given: Any) -> Pass:
    told: dict[str, Any] = {
        "person": estate.amira,
        "compartment": None,
        "starts_at": at,
        "ends_at": at + HOUR,
        "is_single_use": False,
    }
    return passes.issue(actor=SETUP, at=at, **(told | given))


def refused(text: str, where: Where, at: dt.datetime, **given: Any) -> str:
    """Return the code with which a pass is refused, with its event written."""
    with pytest.raises(Refusal) as error:
        passes.present(text=text, where=where, at=at, **given)
    idempotency.settle(error.value)
    return error.value.code


def test_a_pass_stands_for_its_person_as_long_as_it_lasts(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    text = passes.text_of(
        issue(estate, at + HOUR - HOUR, starts_at=at + HOUR, ends_at=at + 2 * HOUR)
    )
    assert refused(text, where, at) == "credential_not_yet_valid"
    believed = passes.present(text=text, where=where, at=at + HOUR)
    assert believed.given.person == estate.amira
    assert passes.present(text=text, where=where, at=at + 2 * HOUR - HOUR / 3600)
    assert refused(text, where, at + 2 * HOUR) == "credential_over"


def test_a_pass_for_one_use_is_used_up(estate: Estate, where: Where, at: dt.datetime) -> None:
    text = passes.text_of(issue(estate, at, is_single_use=True))
    passes.present(text=text, where=where, at=at)
    assert refused(text, where, at) == "credential_used"
    replayed = Event.objects.get(action="request.refused")
    assert replayed.data["decision"]["code"] == "credential_used"
    assert replayed.person_id == estate.amira.pk


def test_a_pass_that_was_taken_back_is_worthless_at_once(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    given = issue(estate, at)
    text = passes.text_of(given)
    for _twice in range(2):
        passes.revoke(given=given, actor=SETUP, at=at, reason="sent to the wrong address")
    assert refused(text, where, at) == "credential_revoked"
    assert Event.objects.filter(action="pass.revoked").count() == 1


def test_what_stops_the_person_stops_the_pass(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    text = passes.text_of(issue(estate, at))
    hold = holds.place(person=estate.amira, reason="asked", actor=SETUP, at=at, ends_at=None)
    assert refused(text, where, at) == "person_held"
    holds.lift(hold=hold, actor=SETUP, at=at)
    Person.objects.filter(pk=estate.amira.pk).update(status=PersonStatus.LEFT)
    assert refused(text, where, at) == "person_left"


def test_a_bank_may_ask_for_a_pin_as_well(estate: Estate, where: Where, at: dt.datetime) -> None:
    text = passes.text_of(issue(estate, at, is_single_use=True))
    strict = Where(
        where.actor, where.organisation_id, where.site_id, where.bank_id, pin_rule="plain"
    )
    # Refused for want of the PIN, or for a wrong one, it is not used up.
    assert refused(text, strict, at) == "pin_required"
    assert refused(text, strict, at, pin="000001") == "wrong_pin"
    assert passes.present(text=text, where=strict, at=at, pin=AMIRA_PIN)


def test_a_forged_pass_is_refused_and_recorded_without_its_text(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    said = texts.read(passes.text_of(issue(estate, at)), passes.public_keys())
    forged = texts.sign(said, bytes(32))
    assert refused(forged, where, at) == "pass_refused"
    told = Event.objects.get(action="request.refused")
    assert told.data["why"] == "pass_unknown_key"
    assert forged not in str(told.data)
    assert told.person_id is None


def test_a_pass_of_another_organisation_is_no_pass_here(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    other = factories.PersonFactory()
    text = passes.text_of(issue(estate, at, person=other))
    assert refused(text, where, at) == "pass_refused"


def test_a_pass_of_a_person_who_was_deleted_is_no_pass(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    given = issue(estate, at)
    text = passes.text_of(given)
    given.delete()
    assert refused(text, where, at) == "pass_refused"


def test_a_pass_needs_a_door_of_its_own_organisation_and_sensible_times(
    estate: Estate, at: dt.datetime
) -> None:
    with pytest.raises(DoorOfAnother):
        issue(estate, at, compartment=factories.CompartmentFactory())
    for starts_at, ends_at in ((at, at), (at - 2 * HOUR, at - HOUR), (at, at + 400 * 24 * HOUR)):
        with pytest.raises(PassOver):
            issue(estate, at, starts_at=starts_at, ends_at=ends_at)
    assert not Pass.objects.exists()


@override_settings(PASS_KEYS=[])
def test_without_a_key_nothing_is_issued_and_nothing_believed(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    with pytest.raises(NoPassKey, match="LOCKWRIGHT_PASS_KEYS"):
        issue(estate, at)
    with pytest.raises(NoPassKey):
        passes.present(text="LW1:A", where=where, at=at)


def test_issuing_is_an_event_without_the_text(estate: Estate, at: dt.datetime) -> None:
    given = issue(estate, at, compartment=estate.doors[0], is_single_use=True)
    told = Event.objects.get(action="pass.issued")
    assert (told.person_id, told.compartment_id) == (estate.amira.pk, estate.doors[0].pk)
    assert told.data["single_use"] is True
    assert passes.text_of(given) not in str(told.data)


def test_a_link_shows_one_pass_and_cannot_be_made_up(estate: Estate, at: dt.datetime) -> None:
    given = issue(estate, at)
    link = passes.link_of(given)
    assert passes.by_link(link) == given
    for made_up in (link[:-1], given.pk.hex, f"{given.pk.hex}:abc", "", ":"):
        assert passes.by_link(made_up) is None


def test_the_refusals_of_a_pass_speak_of_a_pass(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    given = issue(estate, at)
    passes.revoke(given=given, actor=SETUP, at=at)
    with pytest.raises(PassNotAllowed, match="This pass was taken back"):
        passes.present(text=passes.text_of(given), where=where, at=at)
    with pytest.raises(PassRefused, match="no pass for these lockers"):
        passes.present(text="LW1:NONSENSE", where=where, at=at)
