"""Which rows a member of staff may see and change: those of the places they were given.

The single reader of rights. A right is held on a site, or on an area and everything inside it;
both are rows of guardian's permission tables, which roles and superusers write. One mixin for
every admin. Rows that belong to an organisation rather than a site are for staff who have the
right on any of its sites. Missing and forbidden give the same 404.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import RelatedFieldListFilter
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline

from audit.admin_log import RecordedAdmin
from lockers.models import Area, Bank, Compartment, Organisation, Site

VIEW, OPERATE, MANAGE = "lockers.view_site", "lockers.operate_site", "lockers.manage_site"
OVERRIDE, STAFF = "lockers.override_site", "lockers.staff_site"

# The rights that have a meaning in an area.
_IN_AREA = {VIEW: "view_area", OPERATE: "operate_area", OVERRIDE: "override_area"}
# Areas nest: a right on a building is one on its floors.
_AREAS = """
WITH RECURSIVE reach AS (
    SELECT p.content_object_id AS id
    FROM access_areauserpermission p JOIN auth_permission r ON r.id = p.permission_id
    WHERE p.user_id = %s AND r.codename = %s AND (p.ends_at IS NULL OR p.ends_at > %s)
    UNION
    SELECT a.id FROM lockers_area a JOIN reach ON a.parent_id = reach.id)
SELECT id FROM reach
"""


def sites_of(user: Any, right: str = VIEW) -> models.QuerySet[Site]:
    """Return the sites on all of which somebody holds a right; superusers hold every one."""
    if not user.is_authenticated or not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()
    given = Site.objects.filter(
        models.Q(siteuserpermission__ends_at__isnull=True)
        | models.Q(siteuserpermission__ends_at__gt=timezone.now()),
        siteuserpermission__user=user.pk,
        siteuserpermission__permission__codename=right.partition(".")[2],
    )
    return Site.objects.filter(pk__in=given.values("pk"))


def holders_of(right: str, site_id: int) -> set[int]:
    """Return the users who were given a right on all of a site; superusers need none."""
    given = Site.objects.filter(
        models.Q(siteuserpermission__ends_at__isnull=True)
        | models.Q(siteuserpermission__ends_at__gt=timezone.now()),
        pk=site_id,
        siteuserpermission__permission__codename=right.partition(".")[2],
        siteuserpermission__user__is_active=True,
    )
    return set(given.values_list("siteuserpermission__user", flat=True))


def areas_of(user: Any, right: str = VIEW) -> models.QuerySet[Area]:
    """Return the areas on which somebody holds a right without holding it on the whole site."""
    if not user.is_authenticated or not user.is_active or user.is_superuser:
        return Area.objects.none()
    if right not in _IN_AREA:
        return Area.objects.none()
    return Area.objects.filter(pk__in=RawSQL(_AREAS, (user.pk, _IN_AREA[right], timezone.now())))


def within(user: Any, right: str, bank: str = "") -> models.Q:
    """Return the condition for rows whose bank somebody holds a right on.

    ``bank`` is the lookup from the row to its bank, "" when it is the bank itself.
    """
    if user.is_active and user.is_superuser:
        return models.Q()
    prefix = f"{bank}__" if bank else ""
    condition = models.Q(**{f"{prefix}site__in": sites_of(user, right)})
    if right in _IN_AREA and user.is_authenticated:
        condition |= models.Q(**{f"{prefix}area__in": areas_of(user, right)})
    return condition


def banks_of(user: Any, right: str = VIEW) -> models.QuerySet[Bank]:
    """Return the banks on which somebody holds a right, by their site or their area."""
    return Bank.objects.filter(within(user, right))


def places_of(user: Any, right: str = VIEW) -> models.QuerySet[Site]:
    """Return the sites on which, or in a part of which, somebody holds a right."""
    if user.is_authenticated and user.is_superuser:
        return sites_of(user, right)
    return Site.objects.filter(
        models.Q(pk__in=sites_of(user, right))
        | models.Q(pk__in=areas_of(user, right).values("site"))
    )


def organisations_of(user: Any, right: str = VIEW) -> models.QuerySet[Organisation]:
    """Return the organisations in which somebody holds a right on some site."""
    if user.is_superuser and user.is_active:
        return Organisation.objects.all()
    return Organisation.objects.filter(sites__in=sites_of(user, right)).distinct()


def events_of(user: Any) -> models.Q:
    """Return the condition for the events that somebody may read.

    What belongs to no site belongs to everybody who sees a site of its organisation; what belongs
    to no organisation (log-ins) is for superusers.
    """
    if user.is_active and user.is_superuser:
        return models.Q()
    sites = sites_of(user)
    return (
        models.Q(site_id__in=sites.values("pk"))
        | models.Q(site_id__isnull=True, organisation_id__in=sites.values("organisation_id"))
        | models.Q(bank_id__in=Bank.objects.filter(area__in=areas_of(user)).values("pk"))
    )


def _hidden(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make a page answer 404 where Django would say 403: forbidden looks like missing."""

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(self, request, *args, **kwargs)
        except PermissionDenied as error:
            raise Http404 from error

    return guarded


class OfItsPage(TabularInline):
    """Rows on the page of another object: seen and changed by whoever may that object."""

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


class SiteScopedAdmin(RecordedAdmin):
    """An admin that shows and changes only what its user's sites allow.

    ``site_path`` is the lookup from the model to its site ("" when it is the site itself);
    ``organisation_path`` the one to its organisation; ``bank_path`` the one to its bank, for
    staff of a single area. A row with none of these rights is not there. A model with a site and
    an organisation, and no site in a row, is judged by its organisation.
    """

    site_path: str | None = None
    bank_path: str | None = None
    organisation_path: str | None = None
    view_right = VIEW
    change_right = MANAGE
    # History is read here, never edited.
    is_history = False

    def rows(self, user: Any, right: str) -> models.Q:
        """Return the condition for rows on which somebody holds a right."""
        if user.is_active and user.is_superuser:
            return models.Q()
        condition = models.Q(pk__in=[])
        if self.site_path is not None:
            lookup = f"{self.site_path}__in" if self.site_path else "pk__in"
            condition |= models.Q(**{lookup: sites_of(user, right)})
        if self.organisation_path is not None:
            lookup = f"{self.organisation_path}__in" if self.organisation_path else "pk__in"
            by_organisation = models.Q(**{lookup: organisations_of(user, right)})
            if self.site_path:
                by_organisation &= models.Q(**{f"{self.site_path}__isnull": True})
            condition |= by_organisation
        if self.bank_path is not None and right in _IN_AREA:
            lookup = f"{self.bank_path}__area__in" if self.bank_path else "area__in"
            condition |= models.Q(**{lookup: areas_of(user, right)})
        return condition

    def get_queryset(self, request: HttpRequest) -> Any:
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
        if user.is_superuser:
            return True
        if obj is None or obj.pk is None:
            # The menu asks for every list on every page.
            known: dict[tuple[str, bool], bool] = request.__dict__.setdefault("_held", {})
            asked = right, self.bank_path is not None
            if asked not in known:
                known[asked] = (
                    sites_of(user, right).exists()
                    or self.bank_path is not None
                    and areas_of(user, right).exists()
                )
            return known[asked]
        return bool(self.model._default_manager.filter(self.rows(user, right), pk=obj.pk).exists())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._holds(request, self.view_right, None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.view_right, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not self.is_history and self._holds(request, self.change_right, None)

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
        other = self.admin_site._registry.get(related)
        if isinstance(other, SiteScopedAdmin):
            right = self.change_right if related in (Site, Bank) else self.view_right
            return related._default_manager.filter(other.rows(request.user, right))
        if request.user.is_superuser:
            return related._default_manager.all()
        return related._default_manager.none()

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        return self._offered(db_field, request)

    def scope_of(self, obj: models.Model) -> dict[str, Any]:
        """Find organisation, site, bank and compartment by the paths that scope the rows."""
        scope: dict[str, Any] = {}
        site = _follow(obj, self.site_path)
        if isinstance(site, Site):
            scope |= {"site_id": site.pk, "organisation_id": site.organisation_id}
        else:
            organisation = _follow(obj, self.organisation_path)
            if isinstance(organisation, Organisation):
                scope["organisation_id"] = organisation.pk
        if isinstance(obj, Compartment):
            scope |= {"bank_id": obj.bank_id, "compartment_id": obj.pk}
        elif isinstance(obj, Bank):
            scope["bank_id"] = obj.pk
        return scope

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> Any:
        raise Http404

    changelist_view = _hidden(RecordedAdmin.changelist_view)
    add_view = _hidden(RecordedAdmin.add_view)
    change_view = _hidden(RecordedAdmin.change_view)
    delete_view = _hidden(RecordedAdmin.delete_view)
    history_view = _hidden(RecordedAdmin.history_view)


def _follow(obj: Any, path: str | None) -> Any:
    if path is None:
        return None
    for step in filter(None, path.split("__")):
        obj = getattr(obj, step, None)
    return obj


class ScopedRelatedFilter(RelatedFieldListFilter):
    """A list filter that offers only rows its reader may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        offered = model_admin._offered(field, request)
        return [(row.pk, str(row)) for row in offered.order_by(*field.related_model._meta.ordering)]
