"""Every change made in the administration leaves one event, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor

# Named in the trail when they change, but never with their values: what they say is personal.
PERSONAL = {"given_name", "family_name", "email", "personal_number", "username", "first_name",
            "last_name", "external_id", "guardian_name", "guardian_phone", "guardian_email",
            "summary", "upn"}  # fmt: skip
SECRET = {"password", "key_code"}


def _hidden(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make a page answer 404 where Django would say 403: forbidden looks like missing."""

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(self, request, *args, **kwargs)
        except PermissionDenied as error:
            raise Http404 from error

    return guarded


class HidesForbidden(ModelAdmin):
    """An admin whose pages are not there for whoever may not use them."""

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> Any:
        raise Http404

    changelist_view = _hidden(ModelAdmin.changelist_view)
    add_view = _hidden(ModelAdmin.add_view)
    change_view = _hidden(ModelAdmin.change_view)
    delete_view = _hidden(ModelAdmin.delete_view)
    history_view = _hidden(ModelAdmin.history_view)


class RecordedAdmin(ModelAdmin):
    """An admin whose additions, changes and deletions are recorded with actor and values."""

    def scope_of(self, obj: models.Model) -> dict[str, Any]:
        """Return the organisation, site and such of an object, for the event."""
        return {}

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self.record(request, Action.ADDED, obj, **_related_of(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        changed, related = getattr(obj, "_changed_values", {}), _related_of(obj)
        if changed or related:
            self.record(request, Action.CHANGED, obj, changed=changed, **related)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self.record(request, Action.DELETED, obj)
        return super().log_deletions(request, queryset)

    def response_action(self, *args: Any, **kwargs: Any) -> Any:
        """Run an action in one transaction: Django's "delete selected" records before it acts."""
        with transaction.atomic():
            return super().response_action(*args, **kwargs)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Save, and remember old and new values of what changed for ``log_change``."""
        if change and form.changed_data:
            before = type(obj)._default_manager.filter(pk=obj.pk).first()
            changes: dict[str, Any] = {}
            for name in form.changed_data:
                if name in SECRET | PERSONAL or not hasattr(before, name):
                    changes[name] = "changed"
                    continue
                if type(obj)._meta.get_field(name).many_to_many:
                    changes[name] = [_list(form.initial[name]), _list(form.cleaned_data[name])]
                    continue
                changes[name] = [str(getattr(before, name)), str(getattr(obj, name))]
            obj._changed_values = changes  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save, and remember what changed in the rows on the same page."""
        super().save_related(request, form, formsets, change)
        form.instance._related_changes = [line for formset in formsets for line in _lines(formset)]

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


def _related_of(obj: models.Model) -> dict[str, Any]:
    related = getattr(obj, "_related_changes", [])
    return {"related": related} if related else {}


def _list(values: Any) -> str:
    return ", ".join(sorted(str(value) for value in values))


def _lines(formset: Any) -> Iterator[dict[str, Any]]:
    """Tell each row of a saved formset that was added, changed or deleted."""
    deleted = formset.deleted_objects
    changed = [obj for obj, _fields in formset.changed_objects]
    label = formset.model._meta.label_lower
    for form in formset.forms:
        obj = form.instance
        if obj in formset.new_objects:
            done, names = "added", form.changed_data
        elif obj in changed:
            done, names = "changed", form.changed_data
        elif any(obj is one for one in deleted):
            done, names = "deleted", form.initial.keys() - {formset.fk.name}
        else:
            continue
        values = {
            name: "changed" if name in SECRET | PERSONAL else _values(form, name, done)
            for name in sorted(names)
            if name in form.fields and name != "DELETE"
        }
        yield {"object": f"{label}:{obj.pk}" if obj.pk else label, "done": done, "values": values}


def _values(form: Any, name: str, done: str) -> list[str]:
    """Return what stood in a field of a row before and after."""
    old = form.fields[name].to_python(form.initial.get(name)) if done != "added" else None
    new = form.cleaned_data.get(name) if done != "deleted" else None
    return ["" if value is None else str(value) for value in (old, new)]
