"""What a bridge opened or took back was its holder's, though withdrawn for want of its word."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from access.models import Grant
from audit.actions import Action
from audit.models import Event
from occupancy.choices import ClosedHow
from occupancy.models import AloneUse, Assignment, Claim, Kept
from occupancy.services import keeping
from occupancy.services.alone import replaying
from tests.conftest import MORNING
from tests.factories.cast import Estate
from tests.occupancy.test_keeping import HOUR, claim, hold, office

__all__ = ["office"]
pytestmark = pytest.mark.django_db(transaction=True)
LATER = MORNING + dt.timedelta(seconds=5)


def withdrawn(estate: Estate) -> Assignment:
    claim(estate)
    mine = Assignment.objects.select_related("compartment__bank__site").get()
    with transaction.atomic():
        keeping.withdraw(mine, MORNING + dt.timedelta(seconds=3))
    return mine


def opened(estate: Estate, mine: Assignment) -> None:
    replaying.had(bridge=estate.bridge, claim_id=mine.pk, person_id=estate.amira.pk, at=LATER)


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.services.outside.confirm", lambda claim_ids: None)


def test_it_goes_on_and_is_never_withdrawn_again(office: Estate) -> None:
    mine = withdrawn(office)
    opened(office, mine)
    mine.refresh_from_db()
    assert (mine.closed_at, mine.closed_how) == (None, "")
    assert Grant.objects.get(claim_id=mine.pk).revoked_at is None
    assert keeping.withdraw_due(at=MORNING + HOUR / 2) == 0
    assert [one.claim_id for one in keeping.untold(bridge_id=office.bridge.pk).holds] == [mine.pk]


def test_whoever_was_about_to_get_the_door_and_was_not_told_does_not(office: Estate) -> None:
    mine = withdrawn(office)
    other = hold(office, compartment=mine.compartment, holder=office.ben, starts_at=LATER,
                 started_at=LATER)  # fmt: skip
    opened(office, mine)
    assert Claim.objects.get(pk=other.pk).closed_how == ClosedHow.WITHDRAWN
    assert Claim.objects.get(pk=mine.pk).closed_at is None


def test_where_somebody_else_was_told_of_the_door_staff_have_to_look(office: Estate) -> None:
    mine = withdrawn(office)
    other = hold(office, compartment=mine.compartment, holder=office.ben, starts_at=LATER,
                 started_at=LATER)  # fmt: skip
    Kept.objects.create(claim_id=other.pk, bridge=office.bridge, state="")
    opened(office, mine)
    assert Claim.objects.get(pk=other.pk).closed_at is None
    assert Claim.objects.get(pk=mine.pk).closed_how == ClosedHow.WITHDRAWN
    use = AloneUse.objects.get()
    assert (use.person, use.claim, use.breach) == (office.amira, None, "door_held")


def test_what_was_finished_stays_finished(office: Estate) -> None:
    mine = withdrawn(office)
    Claim.objects.filter(pk=mine.pk).update(closed_how=ClosedHow.FINISHED)
    opened(office, mine)
    assert Claim.objects.get(pk=mine.pk).closed_how == ClosedHow.FINISHED


def test_what_was_given_back_there_was_theirs_until_then(office: Estate) -> None:
    mine = withdrawn(office)
    assert replaying.finished(
        bridge=office.bridge, ref=None, claim_id=mine.pk, person_id=office.amira.pk, at=LATER
    )
    mine.refresh_from_db()
    assert (mine.closed_at, mine.closed_how) == (LATER, ClosedHow.FINISHED)
    events = Event.objects.filter(data__claim=mine.pk).order_by("pk")
    trail = list(events.values_list("action", flat=True))
    assert trail[-3:] == [Action.WITHDRAWN, Action.RELEASE_UNDONE, Action.RELEASED]
    # A line that comes twice changes nothing.
    assert not replaying.finished(
        bridge=office.bridge, ref=None, claim_id=mine.pk, person_id=office.amira.pk, at=LATER
    )
