"""Forms of requests for access and of visitors, on our own pages and in the administration."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from access.choices import NEEDS_ACCESS, PersonStatus
from access.errors.visits import NoSuchHost
from access.models import Person, Visit
from access.services import hosts
from lockers.models import Site

_LOCAL = {"type": "datetime-local"}


class AnswerForm(forms.Form):
    """What is said to a request; a no needs a reason."""

    reason = forms.CharField(label=_("Answer"), max_length=300, required=False)

    def __init__(self, *args: Any, needs_reason: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needs_reason
        self.fields["reason"].error_messages["required"] = _("Say why you refuse.")


class _Here(forms.Form):
    """Times are those of the clock on the site's wall."""

    def clean(self) -> dict[str, Any]:
        """Read the times as the site's."""
        cleaned = super().clean() or {}
        site = cleaned.get("site")
        for name, value in cleaned.items():
            if isinstance(value, dt.datetime) and isinstance(site, Site):
                local = value.replace(tzinfo=zoneinfo.ZoneInfo(site.time_zone))
                cleaned[name] = local.astimezone(dt.UTC)
        return cleaned


def _times(form: forms.Form, names: tuple[str, str], lasts: dt.timedelta, site: Any) -> None:
    zone = zoneinfo.ZoneInfo(site.time_zone) if site is not None else dt.UTC
    now = timezone.now().astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    form.initial.setdefault(names[0], f"{now:%Y-%m-%dT%H:%M}")
    form.initial.setdefault(names[1], f"{now + lasts:%Y-%m-%dT%H:%M}")


class AskForm(_Here):
    """Staff ask for somebody else, who is named by number or e-mail and never listed."""

    person = forms.CharField(
        label=_("Who"),
        max_length=254,
        help_text=_("The personal number or e-mail address of a visitor or contractor."),
    )
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none(), empty_label=None)
    starts_at = forms.DateTimeField(label=_("From"), widget=forms.DateTimeInput(_LOCAL))
    ends_at = forms.DateTimeField(label=_("Until"), widget=forms.DateTimeInput(_LOCAL))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)  # as declared above
        field.queryset = sites
        _times(self, ("starts_at", "ends_at"), dt.timedelta(hours=9), sites.first())

    def clean(self) -> dict[str, Any]:
        """Find the person within the organisation of the site."""
        cleaned = super().clean()
        site, text = cleaned.get("site"), cleaned.get("person", "").strip()
        if isinstance(site, Site) and text:
            found = list(
                Person.objects.filter(
                    Q(personal_number=text) | Q(email__iexact=text),
                    organisation_id=site.organisation_id,
                    kind__in=NEEDS_ACCESS,
                    status=PersonStatus.ACTIVE,
                )[:2]
            )
            if len(found) != 1:
                self.add_error(
                    "person", _("No visitor or contractor has this number or address. Check it.")
                )
            else:
                cleaned["person"] = found[0]
        return cleaned


class GiveForm(_Here):
    """Access for a while, given to somebody on their own page."""

    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    starts_at = forms.DateTimeField(
        label=_("From"), widget=UnfoldAdminTextInputWidget(attrs=_LOCAL)
    )
    ends_at = forms.DateTimeField(label=_("Until"), widget=UnfoldAdminTextInputWidget(attrs=_LOCAL))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Such as the number of the order."),
    )  # fmt: skip

    def __init__(self, *args: Any, sites: QuerySet[Site], person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)  # as declared above
        field.queryset = sites
        home = person.home_site if person.home_site in sites else sites.first()
        field.initial = home
        _times(self, ("starts_at", "ends_at"), dt.timedelta(hours=9), home)


class ExpectForm(_Here):
    """A visitor who is coming, or stands at the desk."""

    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    given_name = forms.CharField(
        label=_("Given name"), max_length=80, widget=UnfoldAdminTextInputWidget()
    )
    family_name = forms.CharField(
        label=_("Family name"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget()
    )
    company = forms.CharField(
        label=_("Company"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget()
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=UnfoldAdminEmailInputWidget(),
        help_text=_("Who comes again under the same address is the same visitor."),
    )  # fmt: skip
    host = forms.CharField(
        label=_("Host"), max_length=254, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The e-mail address or personal number of whom they visit."),
    )  # fmt: skip
    expected_from = forms.DateTimeField(
        label=_("From"), widget=UnfoldAdminTextInputWidget(attrs=_LOCAL)
    )
    expected_until = forms.DateTimeField(
        label=_("Until"), widget=UnfoldAdminTextInputWidget(attrs=_LOCAL)
    )

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)  # as declared above
        field.queryset = sites
        _times(self, ("expected_from", "expected_until"), dt.timedelta(hours=8), sites.first())

    def clean(self) -> dict[str, Any]:
        """Find the host within the organisation of the site."""
        cleaned = super().clean()
        site, text = cleaned.get("site"), cleaned.get("host")
        if isinstance(site, Site) and text:
            try:
                cleaned["host"] = hosts.find(site=site, text=text)
            except NoSuchHost as refusal:
                self.add_error("host", str(refusal))
        return cleaned


class ExtendForm(forms.Form):
    """Until when a visitor stays instead, by the clock on the site's wall."""

    until = forms.DateTimeField(label=_("Until"), widget=UnfoldAdminTextInputWidget(attrs=_LOCAL))
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget()
    )

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = visit.site.zone
        ends_at = visit.expected_until.astimezone(self._zone)
        self.fields["until"].initial = f"{ends_at + dt.timedelta(hours=1):%Y-%m-%dT%H:%M}"
        self.fields["until"].help_text = _("Now until %s. Choose a later end.") % date_format(
            ends_at, "DATETIME_FORMAT"
        )

    def clean_until(self) -> dt.datetime:
        """Read the time as the site's."""
        until: dt.datetime = self.cleaned_data["until"]
        return until.replace(tzinfo=self._zone).astimezone(dt.UTC)
