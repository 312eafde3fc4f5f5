"""A step before saving or deleting: who would be affected, by the code that will act."""

from __future__ import annotations

from typing import Any

from django.forms.formsets import all_valid
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from audit.admin_log import HidesForbidden
from lockers.scoping import SiteScopedAdmin
from occupancy.admin.effects import Line

CONFIRMED, BACK = "_confirmed", "_back"


class Previewed(SiteScopedAdmin):
    """An admin that shows the effect of a form before it is saved, and of a deletion."""

    delete_confirmation_template = "admin/occupancy/delete.html"

    def effect_lines(self, request: HttpRequest, form: Any, before: Any) -> list[Line]:
        """Return what saving a valid form would do; ``before`` is the row as it is stored."""
        raise NotImplementedError

    def look_at(self, form: Any, formsets: Any) -> None:
        """Take what the rows on the page say along to the step."""

    def deletion_lines(self, request: HttpRequest, obj: Any) -> list[Line]:
        """Return what deleting would do."""
        raise NotImplementedError

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out deleting several at once: nobody would see what it does."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Show what was typed once more, unsaved, to who goes back from the step."""
        form = super().get_form(request, obj, **kwargs)
        if request.method == "POST" and BACK in request.POST:
            return type(form.__name__, (form,), {"is_valid": lambda form: False})
        return form

    def _changeform_view(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: Any
    ) -> Any:
        if request.method == "POST" and CONFIRMED not in request.POST:
            shown = self._preview(request, object_id)
            if shown is not None:
                return shown
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def _preview(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Return the step's page; None where there is nothing to show, and Django says why."""
        obj = self.get_object(request, object_id) if object_id else None
        if object_id and (obj is None or not self.has_change_permission(request, obj)):
            return None
        if not object_id and not self.has_add_permission(request):
            return None
        before = self.model._default_manager.get(pk=obj.pk) if obj is not None else None
        form_class = self.get_form(request, obj, change=obj is not None)
        form = form_class(request.POST, request.FILES, instance=obj or self.model())
        if not form.is_valid():
            return None
        formsets, _inlines = self._create_formsets(request, form.instance, change=obj is not None)
        if not all_valid(formsets):
            return None
        self.look_at(form, formsets)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Before it is saved: what changes"),
            "opts": self.opts,
            "name": str(form.instance),
            "lines": self.effect_lines(request, form, before),
            "posted": [
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if name != "csrfmiddlewaretoken" and not name.startswith(("_save", "_addanother",
                                                                          "_continue"))
            ],
            "confirmed": CONFIRMED,
            "is_new": obj is None,
        }  # fmt: skip
        return render(request, "admin/occupancy/preview.html", context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show what a deletion does above Django's own question."""
        context = dict(extra_context or {})
        obj = self.get_object(request, object_id)
        if obj is not None and request.method == "GET":
            context["effect_lines"] = self.deletion_lines(request, obj)
        return HidesForbidden.delete_view(self, request, object_id, context)
