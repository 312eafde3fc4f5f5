"""Letters that tell somebody of a door: they wait until the bridge of that door has it, too."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from access.choices import NoticeKind
from access.models import Notice
from access.services.notices import NotYet
from occupancy.choices import ClosedHow
from occupancy.models import Claim
from occupancy.services import keeping

# Not those that say that something is over: they send nobody to a door.
TELL_OF_DOORS = (
    NoticeKind.CLAIM_NEWS,
    NoticeKind.CLAIM_ENDS,
    NoticeKind.CLAIM_OVERDUE,
    NoticeKind.BOOKING_MOVED,
    NoticeKind.DOOR_OFFERED,
)


def is_certain(notice: Notice, at: dt.datetime) -> bool:
    """Say whether a letter may go; raises NotYet while its bridge may know better.

    Never when its claim was withdrawn: that is as if it had never been.
    """
    about, _, number = notice.subject.partition(":")
    which = Q(offer=int(number)) if about == "offer" else Q(pk=int(number))
    claim = Claim.objects.filter(which).select_related("compartment").first()
    if claim is None or claim.closed_how == ClosedHow.WITHDRAWN:
        return False
    door = claim.compartment
    is_at_bridge = claim.closed_at is None and door.controller_id is not None
    # While it decides alone, even what it has may be over, or somebody else's.
    if is_at_bridge and (keeping.pending([claim.pk]) or keeping.deciding_alone([door.bank_id])):
        raise NotYet
    return True
