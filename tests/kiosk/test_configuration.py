"""What a bridge is told of its doors."""

from __future__ import annotations

from django.utils import timezone

from kiosk import configuration
from lockers.models import Compartment
from tests.factories.cast import Estate


def test_a_bridge_is_told_which_doors_have_a_light(db: None) -> None:
    estate = Estate.build(at=timezone.now())
    Compartment.objects.update(has_status_light=False)
    Compartment.objects.filter(pk=estate.doors[1].pk).update(has_status_light=True)
    told = configuration.of(estate.bridge).compartments
    assert [door.compartment_id for door in told if door.has_light] == [estate.doors[1].pk]
