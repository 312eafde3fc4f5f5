"""Waiting, before anybody is told of a door, until its bridge has written down whose it is."""

from __future__ import annotations

import time

from django.utils import timezone

from lockers.errors import KeptLater, NotKept
from occupancy.choices import ClosedHow
from occupancy.models import Claim
from occupancy.services import keeping

# Longer than a slow bridge takes, shorter than a person's patience.
WAITS_S = 3.0
_LOOK_EVERY_S = 0.01


def confirm(claim_id: int) -> None:
    """Wait until the bridge has an open claim; raises NotKept or KeptLater when it takes too long.

    What began just now is withdrawn then: nobody was told of it. What goes on from something that
    the bridge has stays as it is, and is true as soon as the bridge has that too.
    """
    until = time.monotonic() + WAITS_S
    while keeping.pending([claim_id]):
        if time.monotonic() >= until:
            raise NotKept if keeping.withdraw_unkept(claim_id, timezone.now()) else KeptLater
        time.sleep(_LOOK_EVERY_S)
    if Claim.objects.filter(pk=claim_id, closed_how=ClosedHow.WITHDRAWN).exists():
        raise NotKept
