"""The one mixin of every ModelAdmin whose rows belong to places or people."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.utils import NestedObjects
from django.db import models, router
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from unfold.admin import TabularInline

from audit.admin_log import HidesForbidden, RecordedAdmin
from lockers.models import Bank, Compartment, Organisation, Site
from lockers.scoping import rights
from lockers.scoping.people import people
from lockers.scoping.rights import MANAGE, VIEW


class JudgedByItsPage:
    """Rows on the page of another object: seen and changed by whoever may that object."""

    admin_site: Any
    parent_model: Any

    def _page(self) -> Any:
        return self.admin_site._registry[self.parent_model]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._page().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._page().has_change_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._page().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._page().has_change_permission(request, obj))

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        """Offer what the page itself would: nothing of other places."""
        return self._page().get_field_queryset(db, db_field, request)


class OfItsPage(JudgedByItsPage, TabularInline):
    """The same as lines of a table."""


class SiteScopedAdmin(HidesForbidden, RecordedAdmin):
    """An admin that shows and changes only what its user's places allow.

    The paths are lookups from the model, "" when it is that thing itself. A row is judged by the
    first of these that it has: its site (``site_path``), its person (``person_path``, whose reach
    lockers.scoping.people describes), its organisation (``organisation_path``). Staff of a single
    area see it as well by its bank (``bank_path``) or area (``area_path``); what ``is_shared`` by
    a whole site or organisation, such as sizes, they read too. Any other row is not there.
    """

    site_path: str | None = None
    person_path: str | None = None
    organisation_path: str | None = None
    bank_path: str | None = None
    area_path: str | None = None
    is_shared = False
    view_right = VIEW
    change_right = MANAGE
    # History is read here, never edited.
    is_history = False

    def rows(self, user: Any, right: str) -> models.Q:
        """Return the condition for rows on which somebody holds a right."""
        if user.is_active and user.is_superuser:
            return models.Q()
        reads_shared = self.is_shared and right == VIEW
        condition, has_none_yet = models.Q(pk__in=[]), models.Q()
        if self.site_path is not None:
            sites = rights.places_of if reads_shared else rights.sites_of
            condition |= models.Q(**{_in(self.site_path): sites(user, right)})
            has_none_yet &= _without(self.site_path)
        if self.person_path is not None:
            condition |= has_none_yet & people(user, right, self.person_path)
            has_none_yet &= _without(self.person_path)
        if self.organisation_path is not None:
            around = rights.organisations_around if reads_shared else rights.organisations_of
            condition |= has_none_yet & models.Q(
                **{_in(self.organisation_path): around(user, right)}
            )
        if right in rights.IN_AREA and self._path_to_area is not None:
            there = models.Q(**{_in(self._path_to_area): rights.areas_of(user, right)})
            if _is_many(self.model, self._path_to_area):
                # A join would list a bridge once for each of its banks.
                there = models.Q(pk__in=self.model._default_manager.filter(there).values("pk"))
            condition |= there
        return condition

    @property
    def _path_to_area(self) -> str | None:
        if self.area_path is not None or self.bank_path is None:
            return self.area_path
        return f"{self.bank_path}__area" if self.bank_path else "area"

    @property
    def _reaches_areas(self) -> bool:
        return self._path_to_area is not None or self.person_path is not None or self.is_shared

    def get_queryset(self, request: HttpRequest) -> Any:
        rights.remember(request.user)
        return super().get_queryset(request).filter(self.rows(request.user, self.view_right))

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Give the rows on a page the rights of the page; what an inline says itself comes first.

        Django asks for model permissions, which staff of a site do not have.
        """
        return [
            type(inline.__name__, (inline, OfItsPage), {})
            for inline in super().get_inlines(request, obj)
        ]

    def changeable(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """Return the rows that the user may change, for an action on rows that they only see."""
        return queryset.filter(self.rows(request.user, self.change_right))

    def _holds(self, request: HttpRequest, right: str, obj: models.Model | None) -> bool:
        user = request.user
        if not user.is_active or not user.is_staff:
            return False
        rights.remember(user)
        if user.is_superuser:
            return True
        if obj is None or obj.pk is None:
            return self._holds_somewhere(request, right, in_areas=self._reaches_areas)
        return bool(self.model._default_manager.filter(self.rows(user, right), pk=obj.pk).exists())

    def _holds_somewhere(self, request: HttpRequest, right: str, *, in_areas: bool) -> bool:
        # The menu asks for every list on every page.
        known: dict[tuple[str, bool], bool] = request.__dict__.setdefault("_held", {})
        if (right, in_areas) not in known:
            known[right, in_areas] = (
                rights.sites_of(request.user, right).exists()
                or in_areas
                and rights.areas_of(request.user, right).exists()
            )
        return known[right, in_areas]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._holds(request, self.view_right, None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.view_right, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let whoever holds the right on a whole site add: a new row has no area to judge by."""
        if self.is_history or not self._holds(request, self.change_right, None):
            return False
        return request.user.is_superuser or self._holds_somewhere(
            request, self.change_right, in_areas=False
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not self.is_history and self._holds(request, self.change_right, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not self.is_history and self._holds(request, self.change_right, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only what the user may see; the form refuses anything else as no valid choice."""
        kwargs.setdefault("queryset", self._offered(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self._offered(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _offered(self, db_field: Any, request: HttpRequest) -> Any:
        related = db_field.remote_field.model
        right = self.change_right if related in (Site, Bank) else self.view_right
        return self.seen_of(related, request, right)

    def seen_of(self, related: type[models.Model], request: HttpRequest, right: str) -> Any:
        """Return the rows of another model on which the user holds a right."""
        other = self.admin_site._registry.get(related)
        if isinstance(other, SiteScopedAdmin):
            return related._default_manager.filter(other.rows(request.user, right))
        if request.user.is_superuser:
            return related._default_manager.all()
        return related._default_manager.none()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuse to delete what rows at places of others depend on, without naming those."""
        collector = NestedObjects(using=router.db_for_write(self.model), origin=objs)
        collector.collect(objs)
        touched: dict[type[models.Model], set[Any]] = {}
        for obj in [*(one for _model, one in collector.instances_with_model()),
                    *collector.protected]:  # fmt: skip
            touched.setdefault(type(obj), set()).add(obj.pk)
        for model, pks in touched.items():
            if not isinstance(self.admin_site._registry.get(model), SiteScopedAdmin):
                continue  # goes with the page that it is on
            if self.seen_of(model, request, VIEW).filter(pk__in=pks).count() < len(pks):
                return [], {}, set(), [_now("something at a place that is not yours")]
        return super().get_deleted_objects(objs, request)

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        return self._offered(db_field, request)

    def scope_of(self, obj: models.Model) -> dict[str, Any]:
        """Find organisation, site, person and door by the paths that scope the rows."""
        scope: dict[str, Any] = {}
        site = _follow(obj, self.site_path)
        person = _follow(obj, self.person_path)
        organisation = _follow(obj, self.organisation_path)
        if isinstance(site, Site):
            scope |= {"site_id": site.pk, "organisation_id": site.organisation_id}
        elif person is not None:
            scope |= {"site_id": person.home_site_id, "organisation_id": person.organisation_id}
        elif isinstance(organisation, Organisation):
            scope["organisation_id"] = organisation.pk
        if person is not None:
            scope["person_id"] = person.pk
        if isinstance(obj, Compartment):
            scope |= {"bank_id": obj.bank_id, "compartment_id": obj.pk}
        elif isinstance(obj, Bank):
            scope["bank_id"] = obj.pk
        return scope


def _in(path: str) -> str:
    return f"{path}__in" if path else "pk__in"


def _without(path: str) -> models.Q:
    """Return the condition for rows that have nothing at a path; the thing itself is always."""
    return models.Q(**{f"{path}__isnull": True}) if path else models.Q(pk__in=[])


def _is_many(model: Any, path: str) -> bool:
    """Say whether a path leads to several rows."""
    for step in filter(None, path.split("__")):
        one = model._meta.get_field(step)
        if one.one_to_many or one.many_to_many:
            return True
        model = one.related_model
    return False


def _follow(obj: Any, path: str | None) -> Any:
    if path is None:
        return None
    for step in filter(None, path.split("__")):
        obj = getattr(obj, step, None)
    return obj


class ScopedRelatedFilter(RelatedFieldListFilter):
    """A list filter that offers only rows its reader may see."""

    def has_output(self) -> bool:
        """Filter by a value that was typed into the address, even where there is no choice."""
        return bool(self.lookup_val) or bool(super().has_output())

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        offered = model_admin.seen_of(field.related_model, request, model_admin.view_right)
        return [(row.pk, str(row)) for row in offered.order_by(*field.related_model._meta.ordering)]
