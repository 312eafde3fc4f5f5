from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "access"
    verbose_name = _("Access")

    def ready(self) -> None:
        """Hear log-ins, and give the trail its names."""
        from access import (
            reach,
            receivers,  # noqa: F401  (importing it connects the receivers)
        )
        from access.models import Person, User
        from audit import labels
        from audit.models import ActorKind

        def people(ids: set[str]) -> dict[str, str]:
            return {str(p.pk): str(p) for p in Person.objects.filter(pk__in=ids)}

        def staff(ids: set[str]) -> dict[str, str]:
            return {str(u.pk): u.get_username() for u in User.objects.filter(pk__in=ids)}

        labels.register(ActorKind.PERSON, people)
        labels.register(ActorKind.STAFF, staff)
        reach.register()
