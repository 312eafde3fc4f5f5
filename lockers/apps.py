from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LockersConfig(AppConfig):
    name = "lockers"
    verbose_name = _("Lockers")

    def ready(self) -> None:
        """Give the trail its names and its readers."""
        from audit import labels, reach
        from audit.models import ActorKind
        from lockers.models import Bank, Bridge, Compartment, Site
        from lockers.scoping import events_of, places_of

        def bridges(ids: set[str]) -> dict[str, str]:
            return {str(b.pk): str(b) for b in Bridge.objects.filter(pk__in=ids)}

        labels.register(ActorKind.BRIDGE, bridges)

        def sites(ids: set[str]) -> dict[str, str]:
            return {str(s.pk): s.name for s in Site.objects.filter(pk__in=ids)}

        def banks(ids: set[str]) -> dict[str, str]:
            found = Bank.objects.filter(pk__in=ids).select_related("site")
            return {str(b.pk): f"{b.site}, {b}" for b in found}

        def compartments(ids: set[str]) -> dict[str, str]:
            found = Compartment.objects.filter(pk__in=ids).select_related("bank__site")
            return {str(c.pk): f"{c.bank.site}, {c.bank}, {c}" for c in found}

        reach.register(events_of, lambda user: user.is_superuser or places_of(user).exists())
        labels.register("site", sites)
        labels.register("bank", banks)
        labels.register("compartment", compartments)
