"""The staff page: who has which role where, inviting somebody, and taking a role away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from access.models import RoleAssignment, User
from access.roles import BUNDLES, STAFF, StaffRole
from access.services import invitations, staff
from access.services.staff import Place
from audit.errors import Refusal
from audit.services import idempotency
from lockers import scoping
from lockers.models import Area, Organisation, Site
from lockers.scoping import SiteScopedAdmin


def organisations_in_hand(user: Any) -> QuerySet[Organisation]:
    """Return the organisations on all of which somebody may give roles."""
    if user.is_superuser:
        return Organisation.objects.all()
    admins = [role for role, words in BUNDLES.items() if STAFF in words]
    given = RoleAssignment.objects.filter(
        staff.in_force(timezone.now()), user=user.pk, role__in=admins
    )
    return Organisation.objects.filter(pk__in=given.values("organisation"))


class InvitationForm(forms.Form):
    """Who gets which role, where and until when."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=150,
        help_text=_("A letter goes there, with a link to set a password if it is a new log-in."),
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
    )
    given_name = forms.CharField(
        label=_("Given name"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget()
    )
    family_name = forms.CharField(
        label=_("Family name"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget()
    )
    role = forms.ChoiceField(
        label=_("Role"),
        # None is chosen: the first of them is the strongest.
        choices=[("", _("Choose one")), *StaffRole.choices],
        help_text=_("You can give no more than you have yourself."),
        widget=UnfoldAdminSelectWidget(),
    )
    place = forms.ChoiceField(label=_("Where"), widget=UnfoldAdminSelectWidget())
    ends_at = forms.SplitDateTimeField(
        label=_("Until"),
        required=False,
        help_text=_("Leave it empty for a role without an end."),
        widget=UnfoldAdminSplitDateTimeWidget(),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations = organisations_in_hand(user)
        sites = scoping.sites_of(user, scoping.STAFF).select_related("organisation")
        areas = Area.objects.filter(site__in=sites).select_related("site")
        self.places: dict[str, Place] = {
            **{f"organisation:{one.pk}": one for one in organisations},
            **{f"site:{one.pk}": one for one in sites},
            **{f"area:{one.pk}": one for one in areas},
        }
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (_now("Organisations"), _choices("organisation", organisations)),
            (_now("Sites"), _choices("site", sites)),
            (_now("Areas"), [(f"area:{one.pk}", f"{one.site}: {one}") for one in areas]),
        ]

    def clean_ends_at(self) -> dt.datetime | None:
        """Refuse an end that is over already."""
        ends_at: dt.datetime | None = self.cleaned_data["ends_at"]
        if ends_at is not None and ends_at <= timezone.now():
            raise forms.ValidationError(_("That is over already. Choose a later time."))
        return ends_at


def _choices(level: str, places: Iterable[Organisation | Site]) -> list[tuple[str, str]]:
    return [(f"{level}:{one.pk}", str(one)) for one in places]


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(SiteScopedAdmin):
    """Roles are given by invitation and taken by deleting; what they mean is fixed."""

    view_right = change_right = scoping.STAFF
    list_display = ["who", "role", "where", "given_at", "ends_at", "has_answered"]
    list_filter = ["role", "given_at"]
    search_fields = ["user__email"]
    list_select_related = ["user", "organisation", "site", "area__site"]
    fields = readonly_fields = ["who", "role", "where", "given_at", "ends_at", "has_answered"]
    actions = ["send_again"]

    def rows(self, user: Any, right: str) -> Q:
        """Return the condition for roles on the places where somebody may give roles."""
        if user.is_active and user.is_superuser:
            return Q()
        sites = scoping.sites_of(user, scoping.STAFF)
        return (
            Q(site__in=sites)
            | Q(area__site__in=sites)
            | Q(organisation__in=organisations_in_hand(user))
        )

    @admin.display(description=_("e-mail address"), ordering="user__email")
    def who(self, given: RoleAssignment) -> str:
        return given.who

    @admin.display(description=_("where"))
    def where(self, given: RoleAssignment) -> str:
        place = given.place
        return f"{place.site}: {place}" if isinstance(place, Area) else str(place)

    @admin.display(description=_("has set a password"), boolean=True)
    def has_answered(self, given: RoleAssignment) -> bool:
        return given.user.has_usable_password()

    @admin.action(description=_("Send the letter again"))
    def send_again(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> None:
        """Send the link once more: it is valid for three days."""
        for given in self.changeable(request, queryset).select_related("user", "organisation",
                                                                       "site", "area"):  # fmt: skip
            self._send(request, given)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let somebody take what they could give."""
        if not super().has_delete_permission(request, obj):
            return False
        if obj is None or not isinstance(request.user, User):
            return True
        return staff.may_give(user=request.user, role=obj.role, place=obj.place, at=timezone.now())

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Invite somebody: ask for address, role and place, and let the service judge."""
        if not self.has_add_permission(request) or not isinstance(request.user, User):
            raise Http404
        form = InvitationForm(request.POST or None, user=request.user)
        if request.method == "POST" and form.is_valid():
            given = self._invite(request.user, form)
            if given is not None:
                self._send(request, given)
                messages.success(request, _now("The role is given."))
                return HttpResponseRedirect(reverse("admin:access_roleassignment_changelist"))
        return self._page(request, form)

    def _invite(self, giver: User, form: InvitationForm) -> RoleAssignment | None:
        asked = form.cleaned_data
        try:
            with transaction.atomic():
                invited = invitations.invite(
                    email=asked["email"],
                    given_name=asked["given_name"],
                    family_name=asked["family_name"],
                    role=asked["role"],
                    place=form.places[asked["place"]],
                    giver=giver,
                    at=timezone.now(),
                    ends_at=asked["ends_at"],
                )
        except Refusal as refusal:
            idempotency.settle(refusal)
            form.add_error(None, str(refusal))
            return None
        return invited.assignment

    def _page(self, request: HttpRequest, form: InvitationForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Invite somebody to the staff"),
            "form": form,
            "opts": self.opts,
            "back": reverse("admin:access_roleassignment_changelist"),
        }
        return render(request, "admin/access/person_form.html", context)

    def _send(self, request: HttpRequest, given: RoleAssignment) -> None:
        if not invitations.send(assignment=given, absolute=request.build_absolute_uri):
            messages.warning(
                request,
                _now("No letter went to %(email)s: the mail server does not answer. Try again.")
                % {"email": given.who},
            )

    def delete_model(self, request: HttpRequest, obj: RoleAssignment) -> None:
        """Take a role through the service."""
        assert isinstance(request.user, User)
        staff.take(assignment=obj, at=timezone.now(), taker=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> None:
        """Take several; each was judged before."""
        for given in queryset.select_related("user", "organisation", "site", "area__site"):
            self.delete_model(request, given)

    # The service records giving and taking; Django's own log is all that is left to write.
    log_addition = ModelAdmin.log_addition
    log_deletions = ModelAdmin.log_deletions
