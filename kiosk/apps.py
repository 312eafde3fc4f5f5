from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KioskConfig(AppConfig):
    name = "kiosk"
    verbose_name = _("Kiosk")

    def ready(self) -> None:
        """Give the trail its names, and letters the pages they lead to."""
        from audit import labels
        from audit.models import ActorKind
        from kiosk import letters, terminal_ends
        from kiosk.models import Terminal

        letters.register()
        terminal_ends.register()

        def terminals(ids: set[str]) -> dict[str, str]:
            return {str(t.pk): str(t) for t in Terminal.objects.filter(pk__in=ids)}

        labels.register(ActorKind.TERMINAL, terminals)
