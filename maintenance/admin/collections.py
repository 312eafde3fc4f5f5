"""Collections at the end of a term: begun, watched, listed and closed at the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access.admin.desk import OPERATE, VIEW_COMBINATION
from lockers.models import AcademicSession
from lockers.scoping import MANAGE, RECOVER, ScopedRelatedFilter, sites_of
from maintenance.admin.collection_verbs import CollectionVerbs
from maintenance.models import Collection
from maintenance.selectors.collections import back_of

_HEADS = {
    "lockers": _("lockers"), "cleared": _("cleared"), "not_emptied": _("not emptied"),
    "keys_missing": _("keys missing"), "damaged": _("damaged"), "charged": _("charged"),
    "not_looked_at": _("not looked at"),
}  # fmt: skip


@admin.register(Collection)
class CollectionAdmin(CollectionVerbs):
    """A collection with its verbs, in the order in which they are needed."""

    site_path = "site"
    list_display = ["name", "site", "session", "starts_on", "ends_on", "so_far", "closed_at"]
    list_filter = [("closed_at", EmptyFieldListFilter), ("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site", "session__parent"]
    fields = ["site", "session", "name", "starts_on", "ends_on", "remind_from", "so_far",
              "begun_at", "closed_at", "figures"]  # fmt: skip
    readonly_fields = ["so_far", "begun_at", "closed_at", "figures"]
    actions_list = ["reviews"]
    actions_detail = [
        "begin", "on_tablet", "remind", "open_doors",
        {"title": _("Lists"), "items": ["uncollected", "charges", "lost_property"]},
        "rotate", "close_collection",
    ]  # fmt: skip
    verb_rights = {
        "begin": OPERATE, "on_tablet": OPERATE, "remind": OPERATE, "open_doors": RECOVER,
        "uncollected": OPERATE, "charges": OPERATE, "lost_property": OPERATE, "rotate": MANAGE,
        "close_collection": OPERATE,
    }  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        counts = {"lockers": Count("lines"), "back": Count("lines", filter=back_of("lines__"))}
        return super().get_queryset(request).annotate(**counts)

    @admin.display(description=_("collected"))
    def so_far(self, one: Any) -> str:
        """Say how many lockers are back, of how many."""
        if not getattr(one, "lockers", 0):
            return "-"
        return _now("%(back)d of %(lockers)d") % {"back": one.back, "lockers": one.lockers}

    @admin.display(description=_("how it went"))
    def figures(self, one: Collection) -> SafeString | str:
        """Show the report, form by form."""
        if not one.report:
            return "-"
        together = {"form": _now("together"), **one.report["total"]}
        rows = [*one.report["forms"], together]
        head = format_html_join(
            "", '<th scope="col" class="px-2">{}</th>', ((text,) for text in _HEADS.values())
        )
        lines = [
            [row["form"] or _now("In no form"), *(row[name] for name in _HEADS)] for row in rows
        ]
        body = format_html_join(
            "", "<tr>{}</tr>",
            (
                (format_html_join("", '<td class="px-2">{}</td>', ((cell,) for cell in line)),)
                for line in lines
            ),
        )  # fmt: skip
        return format_html(
            '<div class="overflow-x-auto"><table><thead><tr><th scope="col">{}</th>{}</tr>'
            "</thead><tbody>{}</tbody></table></div>", _now("form"), head, body,
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Where it is and what it ends is fixed once it has begun."""
        fixed = ["site", "session"] if obj is not None and obj.begun_at is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what is closed as it was."""
        if obj is not None and obj.closed_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what was begun: it says who owes what."""
        if obj is not None and obj.begun_at is not None:
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "session":
            kwargs["queryset"] = AcademicSession.objects.filter(
                site__in=sites_of(request.user, MANAGE)
            ).select_related("parent")
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "session" and isinstance(field, forms.ModelChoiceField):
            field.label_from_instance = lambda obj: f"{obj} ({obj.site})"  # type: ignore[method-assign]  # as Django documents it
            field.queryset = field.queryset.select_related("parent", "site")  # type: ignore[union-attr]  # it has one
        return field

    def verbs_for(self, one: Collection) -> set[str]:
        """Offer what makes sense now."""
        if one.begun_at is None:
            return {"begin"}
        lists = {"uncollected", "charges", "lost_property", "rotate"}
        if one.closed_at is not None:
            return lists
        return {"begin", "on_tablet", "remind", "open_doors", "close_collection", *lists}

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer the dials to who may see combinations, too."""
        offered = super().get_actions_detail(request, object_id)
        sees = sites_of(request.user, VIEW_COMBINATION).filter(collections=object_id).exists()
        return [one for one in offered if sees or not one.action_name.endswith("_rotate")]

    def lines_page(self, one: Collection, query: str) -> str:
        """Return the address of the lines of a collection."""
        page = reverse("admin:maintenance_collectionline_changelist")
        return f"{page}?collection__id__exact={one.pk}&{query}"
