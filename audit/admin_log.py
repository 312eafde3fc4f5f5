"""Every change made in the administration leaves one event, in the transaction of the change."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor

# Named in the trail when they change, but never with their values: what they say is personal.
PERSONAL = {"given_name", "family_name", "email", "personal_number", "username", "first_name",
            "last_name"}  # fmt: skip
SECRET = {"password"}


class RecordedAdmin(ModelAdmin):
    """An admin whose additions, changes and deletions are recorded with actor and values."""

    def scope_of(self, obj: models.Model) -> dict[str, Any]:
        """Return the organisation, site and such of an object, for the event."""
        return {}

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self.record(request, Action.ADDED, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self.record(request, Action.CHANGED, obj, changed=getattr(obj, "_changed_values", {}))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self.record(request, Action.DELETED, obj)
        return super().log_deletions(request, queryset)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Save, and remember old and new values of what changed for ``log_change``."""
        if change and form.changed_data:
            before = type(obj)._default_manager.filter(pk=obj.pk).first()
            changes: dict[str, Any] = {}
            for name in form.changed_data:
                if name in SECRET | PERSONAL or not hasattr(before, name):
                    changes[name] = "changed"
                    continue
                changes[name] = [str(getattr(before, name)), str(getattr(obj, name))]
            obj._changed_values = changes  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def record(self, request: HttpRequest, action: Action, obj: models.Model, **data: Any) -> None:
        """Write one event about an object, by the person who is logged in."""
        assert request.user.pk is not None  # the administration asks for a log-in
        events.record(
            action=action,
            actor=Actor.staff(request.user.pk),
            at=timezone.now(),
            subject=f"{obj._meta.label_lower}:{obj.pk}",
            data={"object": obj._meta.label_lower, **data},
            **self.scope_of(obj),
        )
