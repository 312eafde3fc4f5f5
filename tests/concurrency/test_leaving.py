"""A bank goes while people use it, and two do the same thing to a bank or an asset."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from lockers.choices import ServiceStatus
from lockers.models import Compartment
from maintenance.choices import AssetState
from maintenance.choices import DecommissionStep as Step
from maintenance.errors.assets import NotInThisState, StepDoneAlready
from maintenance.models import Asset, AssetEvent, Decommissioning, StepDone
from maintenance.services import assets, decommissioning
from occupancy.choices import ClosedHow
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import overrides
from tests.concurrency.jobs.halting import in_the_middle
from tests.concurrency.racing import outcomes
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making
from tests.maintenance.assets.making import TODAY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at() -> dt.datetime:
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def estate(transactional_db: None, at: dt.datetime) -> Estate:
    return Estate.build(at=at)


def claims(estate: Estate, at: dt.datetime, door: int = 0, who: str = "ben") -> partial[object]:
    return partial(
        assignments.claim, person_id=getattr(estate, who).pk, bank_id=estate.bank.pk, actor=SETUP,
        at=at, wanted=Wanted(compartment_id=estate.doors[door].pk),
    )  # fmt: skip


def begins(estate: Estate, at: dt.datetime) -> partial[Decommissioning]:
    return partial(decommissioning.begin, bank_id=estate.bank.pk, reason="sold", actor=SETUP, at=at)


def gone_with_somebody_inside() -> int:
    """Count the doors that were taken out of use although somebody has them."""
    gone = Compartment.objects.filter(service_status=ServiceStatus.DECOMMISSIONED)
    return Assignment.objects.filter(compartment__in=gone, closed_at=None).count()


# ---- a door that is given back ------------------------------------------------------------------


def given_back_and_wanted(estate: Estate, at: dt.datetime) -> int:
    """Give a door of a bank that goes back while another wants it; return how many are held."""
    claims(estate, at, who="amira")()
    begins(estate, at)()
    held = Assignment.objects.get(closed_at=None)
    gives = partial(
        assignments.release, claim_id=held.pk, how=ClosedHow.FINISHED, actor=SETUP, at=at
    )
    # Ben wants it while Amira gives it back, and once more when that is done.
    in_the_middle(Action.RELEASED, gives, claims(estate, at))
    outcomes(claims(estate, at))
    assert not Assignment.objects.filter(pk=held.pk, closed_at=None).exists()
    return Assignment.objects.filter(closed_at=None).count()


def test_a_door_that_is_given_back_is_nobodys_from_that_instant(
    estate: Estate, at: dt.datetime
) -> None:
    assert given_back_and_wanted(estate, at) == 0


def test_the_negative_control_gives_it_to_the_next_one_before_the_job_comes(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decommissioning, "_GIVEN", ())
    assert given_back_and_wanted(estate, at) == 1


# ---- a claim at the same instant ----------------------------------------------------------------


def test_a_claim_while_it_begins_has_its_door_or_gets_none(estate: Estate, at: dt.datetime) -> None:
    claim, begun, had_to_wait = in_the_middle(
        Action.CLAIMED, claims(estate, at), begins(estate, at)
    )
    assert (claim.ended, begun.ended, had_to_wait) == ("done", "done", True)
    assert gone_with_somebody_inside() == 0
    assert Compartment.objects.get(pk=estate.doors[0].pk).service_status == "fault"


def test_a_claim_that_comes_while_the_doors_are_shut_gets_none(
    estate: Estate, at: dt.datetime
) -> None:
    begun, claim, _waited = in_the_middle(
        Action.DECOMMISSIONING_BEGUN, begins(estate, at), claims(estate, at)
    )
    assert begun.ended == "done"
    # It was quicker than its door, or it has none: never a door that is gone.
    assert gone_with_somebody_inside() == 0
    assert Assignment.objects.filter(closed_at=None).count() == int(claim.ended == "done")


def test_the_negative_control_shuts_a_door_with_somebody_inside(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overrides, "_is_held", lambda door, at: False)
    in_the_middle(Action.CLAIMED, claims(estate, at), begins(estate, at))
    assert gone_with_somebody_inside() == 1


# ---- two do the same ----------------------------------------------------------------------------


def steps(row: Decommissioning, at: dt.datetime) -> partial[StepDone]:
    return partial(
        decommissioning.do, decommissioning_id=row.pk, step=Step.EMPTIED, actor=SETUP, at=at,
        on=TODAY,
    )  # fmt: skip


def test_two_who_do_the_same_step_do_it_once(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, worked = begins(estate, at)(), counted(monkeypatch)
    one, other, had_to_wait = in_the_middle(
        Action.DECOMMISSIONING_STEP, steps(row, at), steps(row, at)
    )
    assert (one.ended, other.ended, had_to_wait) == ("done", StepDoneAlready.code, True)
    assert (len(worked), StepDone.objects.count()) == (1, 1)


def test_many_who_do_the_same_step_do_it_once(estate: Estate, at: dt.datetime) -> None:
    row = begins(estate, at)()
    assert Counter(outcomes(*[steps(row, at)] * 5)) == {"done": 1, StepDoneAlready.code: 4}
    assert Event.objects.filter(action=Action.DECOMMISSIONING_STEP).count() == 1


def test_the_negative_control_does_the_work_of_a_step_twice(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, worked = begins(estate, at)(), counted(monkeypatch)
    monkeypatch.setattr(
        decommissioning, "_going_on",
        lambda pk: Decommissioning.objects.select_related("bank__site", "bank__bridge").get(pk=pk),
    )  # fmt: skip
    one, other, _waited = in_the_middle(Action.DECOMMISSIONING_STEP, steps(row, at), steps(row, at))
    assert len(worked) == 2
    # Only the constraint is left to judge.
    assert (one.ended, other.ended) == ("done", StepDoneAlready.code)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the work of the first step is done."""
    worked: list[int] = []
    careful = decommissioning.close_free_doors

    def close(row: Decommissioning, **by: Any) -> int:
        worked.append(row.pk)
        return careful(row, **by)

    monkeypatch.setattr(decommissioning, "close_free_doors", close)
    return worked


def retires(asset: Asset, at: dt.datetime) -> partial[None]:
    return partial(
        assets.dispose, asset_id=asset.pk, certificate="C-1", on=TODAY, actor=SETUP, at=at
    )


@pytest.fixture
def asset(estate: Estate) -> Asset:
    return making.stored(estate, state="removed", removed_on=TODAY)


def test_two_who_retire_the_same_asset_retire_it_once(asset: Asset, at: dt.datetime) -> None:
    one, other, had_to_wait = in_the_middle(
        Action.ASSET_DISPOSED, retires(asset, at), retires(asset, at)
    )
    assert (one.ended, other.ended, had_to_wait) == ("done", NotInThisState.code, True)
    assert AssetEvent.objects.filter(kind="disposed").count() == 1


def test_many_who_retire_the_same_asset_retire_it_once(asset: Asset, at: dt.datetime) -> None:
    told = Counter(outcomes(*[retires(asset, at)] * 5))
    assert told == {"done": 1, NotInThisState.code: 4}
    asset.refresh_from_db()
    assert (asset.state, asset.certificate) == (AssetState.DISPOSED, "C-1")


def test_the_negative_control_retires_it_twice(
    asset: Asset, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        assets, "_locked",
        lambda pk: Asset.objects.select_related("model", "site").get(pk=pk),
    )  # fmt: skip
    in_the_middle(Action.ASSET_DISPOSED, retires(asset, at), retires(asset, at))
    assert AssetEvent.objects.filter(kind="disposed").count() == 2
