"""Reader profiles, and the page that finds the right one with a known card in the hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from access.badges.candidates import Candidate, Known, readings
from access.badges.profiles import Kind, Printed, Profile, printed
from access.models import Credential
from access.services import digests, profiles
from audit.services.events import Actor
from lockers.choices import BadgeContent, ByteOrder, NumberBase, WiegandFormat
from lockers.models import Organisation, Reader, ReaderProfile
from lockers.scoping import (
    MANAGE,
    ScopedRelatedFilter,
    SiteScopedAdmin,
    organisations_of,
    people,
    sites_of,
)

# How long a found profile may be chosen after it was shown.
CHOICE_LASTS_S = 3600


class _ReaderChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not at run time
    """A choice of readers of several banks, each named with its bank."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.bank.site}, {obj.bank}: {obj}"


class CardForm(forms.Form):
    """What the reader typed for one card, and what is known of that card."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("Organisation"), widget=UnfoldAdminSelectWidget
    )
    reader = _ReaderChoice(
        Reader.objects.none(),
        label=_("Reader"),
        required=False,
        empty_label=_("none yet: only make the profile"),
        help_text=_("It is given the profile, too."),
        widget=UnfoldAdminSelectWidget,
    )
    text = forms.CharField(
        label=_("What the reader types"),
        max_length=80,
        strip=False,
        help_text=_("Click here, then hold one card that you know to the reader. Not kept."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "autofocus": True}),
    )
    facility = forms.IntegerField(
        label=_("Facility"),
        required=False,
        min_value=0,
        help_text=_("As ordered or printed, if you know it: 123 of “123,04567”."),
        widget=UnfoldAdminIntegerFieldWidget(attrs={"autocomplete": "off"}),
    )
    number = forms.CharField(
        label=_("Number printed on the card"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    uid = forms.CharField(
        label=_("Serial number (UID) in hexadecimal"),
        required=False,
        max_length=40,
        help_text=_("As a phone shows it: 04:C4:3B:C2:1C:26:80."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations = organisations_of(user, MANAGE).order_by("name")
        offered = {
            "organisation": organisations,
            "reader": Reader.objects.filter(bank__site__in=sites_of(user, MANAGE))
            .select_related("bank__site")
            .order_by("bank__site__name", "bank__name", "name"),
        }
        for name, rows in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        if len(only := organisations[:2]) == 1:
            self.fields["organisation"].initial = only[0].pk

    def clean(self) -> dict[str, Any]:
        """Take the reader's framing off the text, and a printed pair apart."""
        given = super().clean() or {}
        reader, organisation = given.get("reader"), given.get("organisation")
        if reader and organisation and reader.bank.site.organisation_id != organisation.pk:
            self.add_error("reader", _("That reader belongs to another organisation."))
        text = given.get("text", "")
        if reader:
            # A browser makes nothing of a line end, so the suffix may be missing.
            text = text.removeprefix(reader.prefix)
            text = text.removesuffix(reader.suffix) if reader.suffix else text
        given["text"] = text.strip()
        if reader and given["text"] and len(given["text"]) != reader.length:
            self.add_error(
                "text",
                _("This reader is set to %(set)d characters and this has %(typed)d. Set the"
                  " reader right first, or hold the card to it again.")
                % {"set": reader.length, "typed": len(given["text"])},
            )  # fmt: skip
        facility, comma, number = given.get("number", "").partition(",")
        if comma and facility.strip().isdecimal():
            given["facility"], given["number"] = int(facility), number.strip()
        return given

    @property
    def known(self) -> Known:
        """Return what is known of the card."""
        given = self.cleaned_data
        return Known(given.get("facility"), given["number"], given["uid"])


@dataclass(frozen=True)
class Found:
    """One transform that fits, as the page shows it."""

    words: str
    card: str
    registered: str
    existing: ReaderProfile | None
    choice: str
    is_uid: bool


@admin.register(ReaderProfile)
class ReaderProfileAdmin(SiteScopedAdmin):
    """Profiles are found with a card; what one means never changes, for badges rest on it."""

    organisation_path = "organisation"
    is_shared = True
    list_display = ["name", "organisation", "reads", "assurance", "readers_with_it"]
    list_filter = [("organisation", ScopedRelatedFilter), "kind"]
    search_fields = ["name"]
    ordering = ["name"]
    list_select_related = ["organisation"]
    actions_list = ["find"]
    fields = ["organisation", "name", "assurance", "kind", "wiegand_format", "content", "base",
              "byte_order", "uid_bytes", "digits", "facility_digits", "separator"]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(readers_count=Count("readers"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        return [name for name in self.fields if name not in {"name", "assurance"}]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organisation":
            kwargs["queryset"] = organisations_of(request.user, MANAGE)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.key = profiles.new_key(obj.organisation, obj.name)
        super().save_model(request, obj, form, change)

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """Offer the page to those who may add a profile; to others it does not exist."""
        offered: list[Any] = super().get_actions_list(request)
        if self.has_add_permission(request):
            return offered
        return [one for one in offered if not one.action_name.endswith("_find")]

    @admin.display(description=_("reads"))
    def reads(self, profile: ReaderProfile) -> str:
        return words(profiles.settings_of(profile))

    @admin.display(description=_("readers"), ordering="readers_count")
    def readers_with_it(self, profile: Any) -> int:
        count: int = profile.readers_count
        return count

    @action(description=_("Find a profile"), url_path="find")  # type: ignore[untyped-decorator]  # unfold brings no types
    def find(self, request: HttpRequest) -> HttpResponse:
        """List the ways to read one known card, or make the profile that was chosen."""
        if not self.has_add_permission(request):
            raise Http404
        if request.method == "POST" and "choice" in request.POST:
            return self._use(request)
        form = CardForm(request.POST if request.method == "POST" else None, user=request.user)
        is_asked = form.is_bound and form.is_valid()
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Find a profile"),
            "form": form,
            "is_asked": is_asked,
            "found": _found(form, request.user) if is_asked else [],
            "opts": self.opts,
            "back": reverse("admin:lockers_readerprofile_changelist"),
        }
        return render(request, "admin/access/find_profile.html", context)

    def _use(self, request: HttpRequest) -> HttpResponse:
        here = reverse("admin:lockers_readerprofile_find")
        try:
            chosen = signing.loads(
                request.POST["choice"], salt=_salt(request.user), max_age=CHOICE_LASTS_S
            )
        except signing.BadSignature:
            messages.error(request, _now("This page is too old. Hold the card to it again."))
            return HttpResponseRedirect(here)
        organisation = organisations_of(request.user, MANAGE).filter(pk=chosen["organisation"])
        readers = Reader.objects.filter(bank__site__in=sites_of(request.user, MANAGE))
        reader = readers.filter(pk=chosen["reader"]).select_related("bank__site").first()
        if (known := organisation.first()) is None or (chosen["reader"] and reader is None):
            raise Http404  # the right was taken away meanwhile
        try:
            profile = profiles.ensure(
                organisation=known,
                name=request.POST.get("name", "").strip()[:60] or chosen["settings"]["kind"],
                settings=Profile(**chosen["settings"]),
                reader=reader,
                actor=Actor.staff(request.user.pk or 0),
                at=timezone.now(),
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(here)
        messages.success(
            request,
            _now("%(reader)s reads by %(profile)s now.")
            % {"reader": reader, "profile": profile.name}
            if reader
            else _now("%(profile)s is ready. Choose it at the readers that write this way.")
            % {"profile": profile.name},
        )
        return HttpResponseRedirect(
            reverse("admin:lockers_readerprofile_change", args=[profile.pk])
        )


def words(profile: Profile) -> str:
    """Say how a profile reads, for people."""
    if profile.kind == Kind.TEXT:
        parts: list[Any] = [_now("a text, taken as it comes")]
    elif profile.kind == Kind.UID:
        parts = [_now("serial number of %d bytes") % profile.uid_bytes]
    else:
        parts = [WiegandFormat(profile.wiegand_format).label, BadgeContent(profile.content).label]
    if profile.kind != Kind.TEXT:
        parts.append(NumberBase(profile.base).label)
    if profile.byte_order == ByteOrder.LSB:
        parts.append(_now("bytes backwards"))
    if profile.digits:
        parts.append(_now("%d characters") % profile.digits)
    return ", ".join(map(str, parts))


def _salt(user: Any) -> str:
    return f"access.find_profile:{user.pk}"


def _found(form: CardForm, user: Any) -> list[Found]:
    """Return the transforms that fit what is known, and those that make a badge known here."""
    given = form.cleaned_data
    organisation: Organisation = given["organisation"]
    digest_of = {
        one.canonical: digests.of(organisation.pk, one.canonical) for one in readings(given["text"])
    }
    # Texts of a profile have its key in theirs: only those of readers without one are known.
    badges = {
        badge.digest: badge
        for badge in Credential.objects.filter(
            people(user, path="person"), organisation=organisation, digest__in=digest_of.values()
        ).select_related("person")
    }
    known = form.known
    return [
        _shown(one, organisation, given["reader"], badges.get(digest_of[one.canonical]), user)
        for one in readings(given["text"])
        if known.fits(one) or digest_of[one.canonical] in badges
    ]


def _shown(
    one: Candidate,
    organisation: Organisation,
    reader: Reader | None,
    badge: Credential | None,
    user: Any,
) -> Found:
    forms_of = printed(one.canonical)
    first = Printed.HEX if one.profile.kind == Kind.UID else Printed.PAIR
    chosen = {
        "organisation": organisation.pk,
        "reader": reader.pk if reader else None,
        "settings": asdict(one.profile),
    }
    return Found(
        words=words(one.profile),
        card=forms_of.get(first) or one.canonical.rpartition(":")[2],
        registered=str(badge.person) if badge else "",
        existing=profiles.same_as(organisation=organisation, settings=one.profile),
        choice=signing.dumps(chosen, salt=_salt(user)),
        is_uid=one.profile.kind == Kind.UID,
    )
