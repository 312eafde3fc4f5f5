from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OccupancyConfig(AppConfig):
    name = "occupancy"
    verbose_name = _("Occupancy")

    def ready(self) -> None:
        """Hear of people who leave, and say which letters are still of use."""
        from access.choices import NoticeKind
        from access.services import notices
        from audit.services import outside
        from occupancy import (
            confirming,
            receivers,  # noqa: F401  (importing it connects the receivers)
        )
        from occupancy.services import letters
        from occupancy.services.allotting import sending
        from occupancy.services.ending import warnings

        outside.confirmed_by(confirming.confirm)

        for kind in (NoticeKind.CLAIM_ENDS, NoticeKind.CLAIM_OVERDUE):
            notices.checked_by(kind, warnings.is_still_of_use)
        for kind in letters.TELL_OF_DOORS:
            notices.checked_by(kind, letters.is_certain)
        sending.register()
