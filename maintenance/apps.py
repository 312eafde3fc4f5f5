from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MaintenanceConfig(AppConfig):
    name = "maintenance"
    verbose_name = _("Maintenance")

    def ready(self) -> None:
        """Hear what the locks tell, and say which letters are of use and where they lead."""
        from maintenance import letters, receivers  # noqa: F401  (importing it connects them)

        letters.register()
