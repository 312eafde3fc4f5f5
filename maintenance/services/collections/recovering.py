"""What nobody collected: staff empty it, and what is inside goes to the lost property of its owner.

The recovery does the rest: opened by override or key, stored with the owner's name, the door free.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection as Some

from django.utils.translation import gettext as _

from audit.services.events import Actor
from maintenance.models import CollectionLine
from maintenance.services.collections import story
from occupancy.errors.recovery import NothingToRecover
from occupancy.services.ending import recovery, sweeping


def recover(
    *, collection_id: int, lines: Some[int], actor: Actor, at: dt.datetime
) -> list[int]:  # fmt: skip
    """Begin to empty some lockers of a collection; return the numbers of the recoveries.

    What was given back meanwhile, or is being emptied already, is left out.
    """
    begun: list[int] = []

    def one(line: CollectionLine) -> int:
        found = story.locked(line.pk)
        if found.emptied is True:
            return 0
        reason = _("Not collected: %(collection)s") % {"collection": found.collection}
        try:
            case = recovery.begin(claim_id=found.claim_id, actor=actor, at=at, reason=reason)
        except NothingToRecover:
            return 0
        begun.append(case.pk)
        return 1

    chosen = CollectionLine.objects.filter(collection=collection_id, pk__in=lines)
    sweeping.each(chosen.order_by("pk"), one, lambda line: f"line:{line.pk}")
    return begun
