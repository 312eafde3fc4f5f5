"""Who on the staff may do what."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group as AuthGroup
from django.contrib.auth.models import Permission
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import UserChangeForm, UserCreationForm

from access.models import SiteUserPermission, User
from access.roles import ON_SITE
from access.services import sessions
from audit.actions import Action
from audit.admin_log import RecordedAdmin
from audit.services.events import Actor

# Groups are not used, and a log-in's second steps and sessions are its own pages.
admin.site.unregister([AuthGroup, Authenticator, EmailAddress, UserSession])


class SiteUserPermissionInline(TabularInline):
    """Which sites somebody is given, and for what."""

    model = SiteUserPermission
    extra = 1
    fields = ["permission", "content_object", "ends_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out what roles bring: it is given and taken with them."""
        return super().get_queryset(request).filter(by_role=False)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "permission":
            kwargs["queryset"] = Permission.objects.filter(
                content_type__app_label="lockers",
                codename__in=ON_SITE.values(),
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class UserAdmin(RecordedAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # not at run time
    """Log-ins; only superusers see them."""

    form = UserChangeForm
    add_form = UserCreationForm
    inlines = [SiteUserPermissionInline]
    list_display = ["username", "first_name", "last_name", "is_staff", "is_superuser", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email", "person"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
    ]
    raw_id_fields = ["person"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    filter_horizontal = ()
    actions = ["forget_second_steps", "end_sessions"]

    @admin.action(description=_("Forget the second steps (a lost phone)"))
    def forget_second_steps(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let somebody who lost phone and recovery codes log in with the password alone."""
        for user in queryset:
            gone, _models = Authenticator.objects.filter(user=user).delete()
            if gone:
                self.record(request, Action.FACTOR_REMOVED, user, by="superuser")
        messages.success(request, _now("Done."))

    @admin.action(description=_("End every session"))
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Log somebody out everywhere."""
        self._end_sessions(request, list(queryset.values_list("pk", flat=True)))
        messages.success(request, _now("Done."))

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save; whoever is deactivated is logged out everywhere, also for when they come back."""
        super().save_model(request, obj, form, change)
        if isinstance(obj, User) and change and not obj.is_active:
            self._end_sessions(request, [obj.pk], why="deactivated")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save, and let open maps follow the rights."""
        super().save_related(request, form, formsets, change)
        sessions.rights_changed()

    @staticmethod
    def _end_sessions(request: HttpRequest, user_ids: list[int], why: str = "") -> None:
        assert request.user.pk is not None  # the administration asks for a log-in
        sessions.end_all(
            user_ids=user_ids, actor=Actor.staff(request.user.pk), at=timezone.now(), why=why
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    @staticmethod
    def _is_superuser(request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)
