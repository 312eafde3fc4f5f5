from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ConfigConfig(AppConfig):
    name = "config"
    default = True

    def ready(self) -> None:
        """Register the system checks."""
        from config import checks  # noqa: F401  (importing registers them)


class AdministrationConfig(admin.AdminConfig):
    default = False
    default_site = "config.administration.Administration"
