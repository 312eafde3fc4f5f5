"""The screens at the lockers, and the phones on which people are signed in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, staff
from access.forms import ReasonForm
from audit.services.events import Actor
from kiosk import configuration
from kiosk.models import PhoneSession, Terminal
from kiosk.services.me import sessions
from lockers import wiring
from lockers.admin import panels
from lockers.admin.commissioning.words import STANDINGS
from lockers.models import Bank, BridgePresence, Commissioning
from lockers.scoping import MANAGE, ScopedRelatedFilter, SiteScopedAdmin, banks_of
from lockers.services import enrolment


@admin.register(Terminal)
class TerminalAdmin(SiteScopedAdmin):
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["name", "bank", "enrolled_at", "revoked_at"]
    list_filter = [("bank", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["bank"]
    readonly_fields = ["enrolled_at", "revoked_at"]
    actions = ["make_code", "revoke"]

    @admin.action(description=_("Make an enrolment code"), permissions=["change"])
    def make_code(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> None:
        for terminal in self.changeable(request, queryset).select_related("bank__site"):
            code = enrolment.make_code(
                device=terminal, subject=f"terminal:{terminal.pk}", site=terminal.bank.site,
                actor=Actor.staff(request.user.pk or 0), at=timezone.now(),
            )  # fmt: skip
            messages.success(
                request,
                _now("%(name)s: %(code)s. Shown once, valid for 30 minutes.")
                % {"name": terminal.name, "code": code},
            )

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> None:
        for terminal in self.changeable(request, queryset).select_related("bank__site"):
            enrolment.revoke(
                device=terminal, subject=f"terminal:{terminal.pk}", site=terminal.bank.site,
                actor=Actor.staff(request.user.pk or 0), at=timezone.now(),
            )  # fmt: skip


@admin.register(PhoneSession)
class PhoneAdmin(Desk):
    """Phones on which people are signed in; each can be signed out from here, for a reason."""

    is_history = True
    person_path = "person"
    list_display = ["person", "by", "opened_at", "expires_at", "is_in", "at_bank"]
    list_filter = ["by", ("ended_at", admin.EmptyFieldListFilter), "opened_at"]
    search_fields = ["person__family_name", "person__given_name", "person__personal_number"]
    list_select_related = ["person", "at_bank"]
    fields = ["person", "by", "opened_at", "expires_at", "is_in", "ended_at", "at_bank",
              "at_bank_since"]  # fmt: skip
    readonly_fields = ["is_in"]
    show_full_result_count = False
    actions_detail = ["sign_out"]
    verb_rights = {"sign_out": OPERATE}

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhoneSession]:
        """Say of each whether it is believed now, by what believes it."""
        believed = PhoneSession.objects.filter(sessions.in_force(timezone.now()))
        rows: QuerySet[Any] = super().get_queryset(request)
        told: QuerySet[PhoneSession] = rows.annotate(
            _is_in=Exists(believed.filter(pk=OuterRef("pk")))
        )
        return told

    @admin.display(description=_("signed in"), boolean=True)
    def is_in(self, session: Any) -> bool:
        return bool(session._is_in)

    def verbs_for(self, session: Any) -> set[str]:
        return {"sign_out"} if session._is_in else set()

    @action(description=_("Sign out"), url_path="sign-out", icon="logout")  # type: ignore[untyped-decorator]  # unfold brings no types
    def sign_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sign a phone out that was lost, or is somebody else's."""
        session = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, session, title=_now("Sign out"), button=_now("Sign this phone out"),
            form=ReasonForm(request.POST or None),
            note=_now("Whoever has the phone signs in anew before they see or open anything."),
            do=lambda form: sessions.end(
                session=session, actor=staff(request), at=timezone.now(),
                why=form.cleaned_data["reason"],
            ),
        )  # fmt: skip


def label(request: HttpRequest, bank: Bank) -> SafeString | str:
    """Offer the label that people scan with their phones, to whoever manages the bank."""
    if not banks_of(request.user, MANAGE).filter(pk=bank.pk).exists():
        return ""
    return format_html(
        '<p class="mt-4"><strong>{}</strong><br>{}<br><a class="text-primary-600 underline"'
        ' href="{}" target="_blank">{}</a> · <a class="text-primary-600 underline" href="{}"'
        ' target="_blank">{}</a></p>',
        _now("Label for phones"),
        _now("Whoever scans it stands at this bank, for two minutes."),
        reverse("bank-label", args=[bank.pk]),
        _now("To print"),
        reverse("bank-label-picture", args=[bank.pk]),
        _now("As a picture"),
    )


def wiring_of(request: HttpRequest, bank: Bank) -> SafeString | str:
    """Say whether a bank is wired as it was commissioned, and whether its bridge drives that."""
    known = wiring.of(bank)
    if known.standing is wiring.Standing.UNWIRED:
        return ""
    version = ""
    if known.last is not None:
        version = _now("Version %(version)d, %(hash)s.") % {
            "version": known.last.version, "hash": known.last.config_hash[:12],
        }  # fmt: skip
    return format_html(
        '<p class="mt-4" role="status"><strong>{}</strong><br>{} {}<br>{}</p>',
        _now("Wiring"), STANDINGS[known.standing], version, _told_by_bridge(bank),
    )  # fmt: skip


def _told_by_bridge(bank: Bank) -> str:
    """Compare what the bridge reports with what it should drive."""
    presence = BridgePresence.objects.filter(bridge=bank.bridge_id).first()
    if bank.bridge is None or presence is None or presence.connection is None:
        return _now("The bridge is not connected.")
    if presence.config_hash == configuration.of(bank.bridge).config_hash:
        return _now("The bridge has it.")
    return _now("The bridge does not report this configuration yet.")


def of_commissioning(request: HttpRequest, done: Commissioning) -> SafeString | str:
    """Say the same where it was just commissioned."""
    return wiring_of(request, done.bank)


panels.add(Bank, wiring_of)
panels.add(Commissioning, of_commissioning)
panels.add(Bank, label)
