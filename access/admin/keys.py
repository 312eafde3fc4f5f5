"""Keys at the desk: issue and return with a signature, release, loss."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from access.admin.desk import OPERATE, Desk, local, staff, user_id
from access.admin.key_lists import CustodyInline, KindFilter, WhereFilter
from access.choices import KeyStatus, StandInKind
from access.key_forms import IssueForm, LostForm, ReasonForm, RequestForm, ReturnForm
from access.models import Key, KeyHolding
from access.services import keys, lost_keys, master_keys, stand_ins
from access.services.lost_keys import LostKey
from access.services.stand_ins import Given
from lockers.scoping import MANAGE, ScopedRelatedFilter


@admin.register(Key)
class KeyAdmin(Desk):
    """Keys are cut on the page of their lock or master set, handed out and taken back here."""

    site_path = "site"
    bank_path = "lock__compartment__bank"
    list_display = ["__str__", "hook", "where", "due_back", "site"]
    list_filter = [WhereFilter, KindFilter, ("site", ScopedRelatedFilter)]
    search_fields = ["lock__compartment__number", "lock__compartment__bank__name",
                     "master_set__name", "hook"]  # fmt: skip
    list_select_related = ["site__organisation", "lock__compartment__bank", "master_set"]
    fields = ["lock", "master_set", "copy", "hook", "site", "where", "due_back", "meanwhile"]
    readonly_fields = ["lock", "master_set", "copy", "site", "where", "due_back", "meanwhile"]
    inlines = [CustodyInline]
    actions_detail = ["issue", "request_release", "give_back", "report_lost", "found", "retire"]
    verb_rights = {
        "issue": OPERATE, "request_release": OPERATE, "give_back": OPERATE,
        "report_lost": OPERATE, "found": MANAGE, "retire": MANAGE,
    }  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        now = KeyHolding.objects.filter(keys.OPEN).select_related("person")
        return (
            super()
            .get_queryset(request)
            .select_related(*self.list_select_related)
            .prefetch_related(Prefetch("holdings", queryset=now, to_attr="held_now"))
        )

    def get_ordering(self, request: HttpRequest) -> Any:
        """Put first what should have come back."""
        late = KeyHolding.objects.filter(keys.overdue(timezone.now()), key=OuterRef("pk"))
        return [Exists(late).desc(), *(Key._meta.ordering or [])]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what it did stays told: keys are retired

    def verbs_for(self, key: Key) -> set[str]:
        if key.status == KeyStatus.LOST:
            return {"found", "retire"}
        if key.status == KeyStatus.RETIRED:
            return set()
        if _holding(key) is not None:
            return {"give_back", "report_lost"}
        return {"request_release" if key.is_master else "issue", "report_lost", "retire"}

    @admin.display(description=_("where it is"))
    def where(self, key: Key) -> str:
        """Say who has it, or why nobody can."""
        if key.status != KeyStatus.IN_USE:
            return key.get_status_display()
        holding = _holding(key)
        return str(holding.person) if holding is not None else _now("in the cabinet")

    @display(description=_("due back"), label={"late": "danger", "out": "info"})  # type: ignore[untyped-decorator]  # unfold brings no types
    def due_back(self, key: Key) -> tuple[str, str] | None:
        """Say when it is due, and in red when that is over."""
        holding = _holding(key)
        if holding is None or holding.due_at is None:
            return None
        text = local(holding.due_at, key.site)
        if holding.due_at <= timezone.now():
            return "late", _now("overdue since %s") % text
        return "out", text

    @admin.display(description=_("also opens it, and is here"))
    def meanwhile(self, key: Key) -> str:
        """Name the keys in the cabinet that open the same."""
        return _ways(key) or "-"

    @action(description=_("Issue"), url_path="issue", icon="output")  # type: ignore[untyped-decorator]  # unfold brings no types
    def issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand the key to somebody who signs for it."""
        key, at = self.reachable(request, object_id), timezone.now()
        return self.form_page(
            request, key, title=_now("Issue a key"), button=_now("Issue"),
            form=IssueForm(
                request.POST or None, key=key, at=at, initial={"person": _asked_for(request)}
            ),
            do=lambda form: keys.issue(
                key=key, person=form.cleaned_data["person"], due_at=form.due_at, at=at,
                signature=form.cleaned_data["signature"], actor=staff(request),
            ),
            done=lambda holding: _now("%s has the key now.") % holding.person,
        )  # fmt: skip

    @action(description=_("Ask for release"), url_path="request-release", icon="how_to_reg")  # type: ignore[untyped-decorator]  # unfold brings no types
    def request_release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a master key; a second member of staff hands it out."""
        key = self.reachable(request, object_id)
        return self.form_page(
            request, key, title=_now("Ask for a master key"), button=_now("Ask"),
            form=RequestForm(request.POST or None, key=key),
            do=lambda form: master_keys.request_release(
                key=key, person=form.cleaned_data["person"], at=timezone.now(),
                reason=form.cleaned_data["reason"], user_id=user_id(request),
            ),
            done=lambda _: _now(
                "Asked. Another member of staff has to hand it out within 15 minutes, under"
                " “Releases of master keys”."
            ),
        )  # fmt: skip

    @action(description=_("Return"), url_path="return", icon="input")  # type: ignore[untyped-decorator]  # unfold brings no types
    def give_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the key back."""
        key = self.reachable(request, object_id)
        return self.form_page(
            request, key, title=_now("Take a key back"), button=_now("Take back"),
            form=ReturnForm(request.POST or None), note=self.where(key),
            do=lambda form: keys.return_(
                key=key, signature=form.cleaned_data["signature"], actor=staff(request),
                at=timezone.now(),
            ),
            done=lambda _: _now("The key is back. Hang it on its hook."),
        )  # fmt: skip

    @action(description=_("Report lost"), url_path="lost", icon="key_off")  # type: ignore[untyped-decorator]  # unfold brings no types
    def report_lost(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go through the lost-key procedure: charge, lock change, and another way in."""
        key, at = self.reachable(request, object_id), timezone.now()
        rules = keys.rules_of(key.site)
        holding = _holding(key)
        spares = lost_keys.ways_in(key).spares
        return self.form_page(
            request, key, title=_now("Report a key lost"), button=_now("Report lost"),
            form=LostForm(
                request.POST or None, initial={"amount_minor": rules.charge_minor},
                spares=spares if holding is not None else [],
                has_electronic=holding is not None
                and stand_ins.is_possible(lock=key.lock, person=holding.person, at=at),
            ),
            note=_now("Whoever has it is charged in %s, every lock it opens is asked to be"
                      " changed, and you are told what opens it meanwhile.") % rules.currency,
            do=lambda form: self._lose(request, key, holding, form.cleaned_data),
            done=lambda outcome: _told(*outcome),
            then=lambda outcome: self._go_on(request, key, holding, outcome[1]),
        )  # fmt: skip

    @staticmethod
    def _lose(
        request: HttpRequest, key: Key, holding: KeyHolding | None, said: dict[str, Any]
    ) -> tuple[LostKey, Given | None]:
        """Report the key lost and give what was chosen: both, or neither."""
        actor, at = staff(request), timezone.now()
        with transaction.atomic():
            lost = lost_keys.report_lost(
                key=key, reason=said["reason"], charge_minor=said["amount_minor"], actor=actor,
                at=at,
            )  # fmt: skip
            given = None
            if holding is not None and said["meanwhile"] in StandInKind.values:
                given = stand_ins.give(
                    key=key, person=holding.person, kind=StandInKind(said["meanwhile"]),
                    actor=actor, at=at,
                )  # fmt: skip
        return lost, given

    def _go_on(
        self, request: HttpRequest, key: Key, holding: KeyHolding | None, given: Given | None
    ) -> HttpResponse | None:
        """Show a PIN, this once, or lead to the page on which what was chosen is handed out."""
        if given is not None and given.lent is not None:
            pin = given.lent.pin
            context = {
                **self.admin_site.each_context(request),
                "title": _now("Temporary PIN"),
                "subtitle": str(given.stand_in.person),
                "opts": self.opts,
                "back": self.page_of(key),
                "pin": " ".join(pin[at : at + 4] for at in range(0, len(pin), 4)),
                "lent": given.lent,
            }
            answer = render(request, "admin/access/lent_pin.html", context)
            answer["Cache-Control"] = "no-store"
            return answer
        if given is not None and given.stand_in.given_pass is not None:
            address = reverse("admin:access_pass_change", args=[given.stand_in.given_pass_id])
            return HttpResponseRedirect(address)
        spare = request.POST.get("meanwhile", "").removeprefix("spare-")
        if holding is not None and spare.isdigit():
            address = reverse("admin:access_key_issue", args=[spare])
            return HttpResponseRedirect(f"{address}?person={holding.person_id}")
        return None

    @action(description=_("Found again"), url_path="found", icon="search_check")  # type: ignore[untyped-decorator]  # unfold brings no types
    def found(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hang a lost key back onto its hook."""
        key = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, key, title=_now("A lost key was found"), button=_now("Found"),
            form=ReasonForm(request.POST or None),
            note=_now("The lock change stays asked for: the key may have been copied."),
            do=lambda form: keys.found(
                key=key, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip

    @action(description=_("Retire"), url_path="retire", icon="delete")  # type: ignore[untyped-decorator]  # unfold brings no types
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the key out of use for good."""
        key = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, key, title=_now("Retire a key"), button=_now("Retire"),
            form=ReasonForm(request.POST or None),
            do=lambda form: keys.retire(
                key=key, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip


def _holding(key: Key) -> KeyHolding | None:
    held: list[KeyHolding] = getattr(key, "held_now", [])
    return held[0] if held else None


def _ways(key: Key) -> str:
    ways = lost_keys.ways_in(key)
    masters = [_now("%s (two people)") % one for one in ways.masters]
    return ", ".join([*map(str, ways.spares), *masters])


def _asked_for(request: HttpRequest) -> str:
    """Return the number of the person for whom the form was opened, if it says one."""
    number = request.GET.get("person", "")
    return number if number.isascii() and number.isdigit() and len(number) < 18 else ""


def _told(lost: LostKey, given: Given | None) -> list[str]:
    """Say what a report led to, and what to do now."""
    said = [_now("The key is reported lost.")]
    if lost.charge is not None:
        said.append(
            _now("%(person)s owes %(amount)s.")
            % {"person": lost.charge.person, "amount": lost.charge}
        )
    if lost.changes:
        locks = ", ".join(str(change.lock) for change in lost.changes[:5])
        said.append(_now("A lock change was asked for: %s.") % locks)
    if given is not None:
        until = local(given.stand_in.ends_at, given.stand_in.key.site)
        said.append(
            _now("%(person)s can open the door without the key until %(until)s, or until the lock"
                 " is changed.") % {"person": given.stand_in.person, "until": until}
        )  # fmt: skip
        return said
    ways = [*lost.ways_in.spares, *lost.ways_in.masters]
    said.append(
        _now("In the cabinet and opens it meanwhile: %s.") % ", ".join(map(str, ways))
        if ways
        else _now("No other key in the cabinet opens it: have the lock opened for the holder.")
    )
    return said
