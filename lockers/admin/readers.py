"""Badge readers, and the secret that those of OSDP are given."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from audit.services.events import Actor
from lockers import sealing, selectors
from lockers.admin.health import show
from lockers.choices import ReaderTransport
from lockers.models import Reader
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from lockers.services import reader_keys

_NO_KEY_TO_SEAL_WITH = _(
    "The key of an OSDP reader cannot be sealed here: LOCKWRIGHT_COMBINATION_KEYS is not set."
)


_WRITTEN = {"\r": "\\r", "\n": "\\n", "\t": "\\t"}


class KeysField(forms.CharField):
    """What a reader sends after a number: keys that a text box would swallow, as they are written.

    A browser leaves Enter out of a line of text, and Django strips it.
    """

    def prepare_value(self, value: Any) -> Any:
        for key, written in _WRITTEN.items():
            value = value.replace(key, written) if isinstance(value, str) else value
        return value

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        for key, written in _WRITTEN.items():
            text = text.replace(written, key)
        return text


class ReaderForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """What concerns OSDP counts for OSDP alone."""

    suffix = KeysField(
        label=_("Suffix"),
        max_length=8,
        strip=False,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("\\r is Enter, \\n a line feed, \\t Tab."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse an OSDP reader where its key could not be kept."""
        told = super().clean() or self.cleaned_data
        if told.get("transport") != ReaderTransport.OSDP:
            told["installs_key"] = False
            if not told.get("suffix"):
                self.add_error("suffix", _("Without it nobody knows where a number ends."))
            return told
        try:
            sealing.seal(settings.COMBINATION_KEYS, "check", "")
        except sealing.CannotOpen as error:
            raise forms.ValidationError(_NO_KEY_TO_SEAL_WITH) from error
        return told


@admin.register(Reader)
class ReaderAdmin(SiteScopedAdmin):
    form = ReaderForm
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["name", "bank", "compartment", "transport", "profile", "purpose", "health"]
    list_filter = ["transport", ("profile", ScopedRelatedFilter), ("bank", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["bank__bridge__presence", "compartment", "profile"]
    fields = ["bank", "compartment", "name", "purpose", "transport", "address", "unit", "baudrate",
              "prefix", "suffix", "length", "profile", "installs_key"]  # fmt: skip
    # Shown while this is so, as Alpine reads it.
    conditional_fields = {
        "address": "transport != 'wedge'",
        "unit": "transport == 'osdp'",
        "baudrate": "transport == 'osdp'",
        "installs_key": "transport == 'osdp'",
        "prefix": "transport != 'osdp'",
        "suffix": "transport != 'osdp'",
        "length": "transport != 'osdp'",
    }
    actions = ["renew_key"]

    @admin.display(description=_("health"))
    def health(self, reader: Reader) -> str:
        return show(selectors.of_reader(reader, timezone.now()))

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save the reader; one that needs a key is given a new one."""
        assert isinstance(obj, Reader)
        if obj.transport == ReaderTransport.OSDP and not obj.sealed_key:
            actor = Actor.staff(request.user.pk or 0)
            reader_keys.make(reader=obj, actor=actor, at=timezone.now())
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Make a new key"), permissions=["change"])
    def renew_key(self, request: HttpRequest, queryset: QuerySet[Reader]) -> None:
        chosen = self.changeable(request, queryset).select_related("bank__site")
        for reader in chosen.filter(transport=ReaderTransport.OSDP):
            actor = Actor.staff(request.user.pk or 0)
            try:
                reader_keys.renew(reader=reader, actor=actor, at=timezone.now())
            except sealing.CannotOpen:
                messages.error(request, str(_NO_KEY_TO_SEAL_WITH))
                return
            messages.warning(
                request,
                _now(
                    "%(name)s has a new key and is not used until it is set up again: reset the"
                    " reader, then tick “Set up” on its page."
                )
                % {"name": reader.name},
            )
