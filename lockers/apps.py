from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LockersConfig(AppConfig):
    name = "lockers"
    verbose_name = _("Lockers")

    def ready(self) -> None:
        """Give the trail its names."""
        from audit import labels
        from audit.models import ActorKind
        from lockers.models import Bridge

        def bridges(ids: set[str]) -> dict[str, str]:
            return {str(b.pk): str(b) for b in Bridge.objects.filter(pk__in=ids)}

        labels.register(ActorKind.BRIDGE, bridges)
