"""What staff took out of somebody's door and keep for them: said when they come."""

from __future__ import annotations

from django.utils.translation import gettext as _

from kiosk.authentication import Here
from occupancy.choices import ItemStatus
from occupancy.models import LostItem


def sentence(here: Here, person_id: int) -> str:
    """Return what somebody whose things are kept at this site reads; nothing for others."""
    found = LostItem.objects.filter(
        owner=person_id, site=here.site_id, status=ItemStatus.STORED
    ).values_list("compartment__number", flat=True)
    numbers = set(found)
    if not numbers:
        return ""
    if len(numbers) == 1 and None not in numbers:
        return _("What was in door %(number)s is kept for you. Ask reception for it.") % {
            "number": numbers.pop()
        }
    return _("Things of yours are kept for you. Ask reception for them.")
