"""Quiet hours and another channel for letters, of an organisation or one of its sites."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanWidget

from access.models import NoticeRules
from access.services import telling
from audit.services.events import Actor
from lockers import sealing
from lockers.scoping import SiteScopedAdmin


class NoticeRulesForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """The address of a channel is typed in and never shown again: it holds a secret."""

    channel = forms.CharField(
        label=_("Other channel"),
        required=False,
        max_length=500,
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=_(
            "An address of Apprise, such as msteams://... or ntfy://...; {email} stands for the"
            " address of who is told. It is kept sealed: empty leaves it as it is."
        ),
    )
    forget = forms.BooleanField(
        label=_("Forget the other channel"), required=False, widget=UnfoldBooleanWidget
    )

    class Meta:
        model = NoticeRules
        fields = ["organisation", "site", "quiet_from", "quiet_until"]

    def clean_channel(self) -> str:
        """Refuse what Apprise does not understand, and any without a key to seal it with."""
        address: str = self.cleaned_data["channel"]
        try:
            telling.check(address)
        except telling.BadChannel as error:
            raise forms.ValidationError(_("Apprise does not understand that address.")) from error
        except sealing.CannotOpen as error:
            raise forms.ValidationError(
                _("Nothing can be sealed here: LOCKWRIGHT_COMBINATION_KEYS is not set.")
            ) from error
        return address


@admin.register(NoticeRules)
class NoticeRulesAdmin(SiteScopedAdmin):
    form = NoticeRulesForm
    site_path = "site"
    organisation_path = "organisation"
    list_display = ["__str__", "quiet_from", "quiet_until", "has_channel"]
    list_select_related = ["organisation", "site"]
    fields = ["organisation", "site", "quiet_from", "quiet_until", "channel", "forget"]

    @admin.display(description=_("other channel"), boolean=True)
    def has_channel(self, rules: NoticeRules) -> bool:
        """Say whether there is one."""
        return bool(rules.sealed_channel)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # The sealed address belongs to its place.
        return ["organisation", "site"] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and seal the channel that was typed in."""
        for name in ("channel", "forget"):  # no values of the row: nothing to record of them
            if name in form.changed_data:
                form.changed_data.remove(name)
        super().save_model(request, obj, form, change)
        address, forget = form.cleaned_data["channel"], form.cleaned_data["forget"]
        if address or forget and obj.sealed_channel:
            telling.set_channel(
                rules=obj, address="" if forget else address,
                actor=Actor.staff(request.user.pk or 0), at=timezone.now(),
            )  # fmt: skip
