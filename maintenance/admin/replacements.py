"""The pages of the assets: what to replace when, what it all cost, and a bank written down."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access.admin.desk import Desk, staff
from audit import exports
from audit.actions import Action
from audit.services import events
from lockers.models import Bank
from lockers.scoping import MAINTAIN, banks_of
from maintenance import cost_words, costs
from maintenance.costs import Advice
from maintenance.forms.assets import BankAssetsForm, BankForm
from maintenance.models import Asset, AssetModel
from maintenance.selectors import asset_costs
from maintenance.selectors.asset_costs import Report
from maintenance.services import bank_assets

# The worst come first; a file has them all.
_SHOWN = 40


class ReplacementPages(Desk):
    """What AssetAdmin shows of many assets together."""

    actions_list = ["replacements", "replacements_csv", "of_bank"]

    @action(description=_("Replacements"), url_path="replacements", icon="event_repeat")  # type: ignore[untyped-decorator]  # unfold brings no types
    def replacements(self, request: HttpRequest) -> HttpResponse:
        """Show what is at its end when, and what a new one would save on."""
        found = self._report(request)
        return self.show_page(
            request, "admin/maintenance/replacements.html", title=_now("Replacements"),
            report=found,
            lines=[
                {
                    "asset": one.asset, "judged": one.judgement,
                    "is_to_go": one.judgement.advice is Advice.REPLACE,
                    "why": cost_words.reasoning(one, found.currency),
                }
                for one in found.lines[:_SHOWN]
            ],
            left=max(len(found.lines) - _SHOWN, 0),
            whole=sum((year.cost for year in found.years), start=costs.NOTHING.parts),
            csv=reverse("admin:maintenance_asset_replacements_csv"),
            back=reverse("admin:maintenance_asset_changelist"),
        )  # fmt: skip

    @action(description=_("Replacements as CSV"), url_path="replacements.csv")  # type: ignore[untyped-decorator]  # unfold brings no types
    def replacements_csv(self, request: HttpRequest) -> HttpResponseBase:
        """Hand out the ranked list as a file."""
        found = self._report(request)
        events.record(
            action=Action.EXPORTED, actor=staff(request), at=timezone.now(),
            subject="maintenance.asset:replacements",
            data={"rows": len(found.lines), "format": "csv"},
        )  # fmt: skip
        heads = [
            _now("asset"), _now("kind"), _now("site"), _now("bank"), _now("door"),
            _now("installed on"), _now("openings"), _now("expected until"), _now("failures"),
            _now("a year repaired"), _now("a year replaced"), _now("advice"), _now("why"),
        ]  # fmt: skip
        rows = [
            [
                str(one.asset), one.asset.model.get_kind_display(), str(one.asset.site),
                str(one.asset.bank or ""),
                one.asset.compartment.number if one.asset.compartment is not None else "",
                one.life.installed_on, one.life.cycles, one.judgement.end.on, one.life.failures,
                one.judgement.repaired_per_year, one.judgement.replaced_per_year,
                one.judgement.advice.value, cost_words.reasoning(one, found.currency),
            ]
            for one in found.lines
        ]  # fmt: skip
        return exports.response(request, [heads, *rows], "replacements.csv")

    def _report(self, request: HttpRequest) -> Report:
        if not self.has_view_permission(request):
            raise Http404
        return asset_costs.report(self.get_queryset(request), timezone.now().date())

    @action(description=_("Record assets of a bank"), url_path="of-bank", icon="dresser")  # type: ignore[untyped-decorator]  # unfold brings no types
    def of_bank(self, request: HttpRequest) -> HttpResponse:
        """Choose a bank, then a model for each kind of thing that it has: the rest follows."""
        banks = banks_of(request.user, MAINTAIN).select_related("site")
        if not request.user.is_staff or not banks.exists():
            raise Http404
        asked = request.GET.get("bank", "")
        if not asked:
            chosen = BankForm(request.GET or None, banks=banks)
            return self._ask(request, chosen, _now("Record assets of a bank"), _now("Go on"))
        is_number = asked.isdecimal() and len(asked) < 19
        bank = banks.filter(pk=int(asked)).first() if is_number else None
        if bank is None:
            raise Http404
        return self._of_bank(request, bank)

    def _of_bank(self, request: HttpRequest, bank: Bank) -> HttpResponse:
        places = bank_assets.unrecorded(bank)
        today = timezone.now().astimezone(bank.site.zone).date()
        form = BankAssetsForm(
            request.POST or None, today=today,
            models=AssetModel.objects.filter(organisation=bank.site.organisation_id),
            kinds={place.kind for place in places},
        )  # fmt: skip

        def work(form: Any) -> list[Asset]:
            return bank_assets.record_bank(
                bank=bank, models=bank_assets.Models(**form.models), by=form.cleaned_data["by"],
                on=form.cleaned_data["on"], actor=staff(request), at=timezone.now(),
            )  # fmt: skip

        return self.form_page(
            request, bank, title=_now("Record assets of this bank"), form=form, do=work,
            button=_now("Record"),
            note=ngettext(
                "%(count)d thing of this bank has no asset yet. It is recorded as installed.",
                "%(count)d things of this bank have no asset yet. They are recorded as installed.",
                len(places),
            )
            % {"count": len(places)},
            done=lambda new: ngettext(
                "%(count)d asset was recorded.", "%(count)d assets were recorded.", len(new)
            )
            % {"count": len(new)},
            then=lambda _new: HttpResponseRedirect(
                f"{reverse('admin:maintenance_asset_changelist')}?bank__id__exact={bank.pk}"
            ),
        )  # fmt: skip

    def _ask(self, request: HttpRequest, form: Any, title: str, button: str) -> HttpResponse:
        """Ask for a bank; the answer comes back in the address."""
        return self.show_page(
            request, "admin/maintenance/choose.html", title=title, form=form, button=button,
            back=reverse("admin:maintenance_asset_changelist"),
        )  # fmt: skip

    def page_of(self, obj: Any) -> str:
        """Return the address of a row's page; of a bank's, where a bank is asked about."""
        if isinstance(obj, Bank):
            return reverse("admin:lockers_bank_change", args=[obj.pk])
        return super().page_of(obj)


def today_at(site: Any) -> dt.date:
    """Return the day it is at a site."""
    return timezone.now().astimezone(site.zone).date()
