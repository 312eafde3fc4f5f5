"""How devices are: a cell of a list, and a page of everything that is not well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Func, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lockers import selectors
from lockers.health import Health, State
from lockers.models import Bank, Bridge, Controller, Reader
from lockers.selectors import Fault

_TONES = {
    State.BROKEN: "text-red-700 dark:text-red-400",
    State.LOOK: "text-orange-700 dark:text-orange-400",
}


@dataclass(frozen=True)
class Line:
    """A fault as the page shows it."""

    fault: Fault
    kind: str
    where: str
    link: str
    cell: SafeString


def show(judged: Health) -> SafeString:
    """Draw how something is: a symbol, its word, what is wrong, and what to do."""
    tone = _TONES.get(judged.state, "")
    said = format_html("<br>{}<br>{}", judged.sentence, judged.advice) if judged.sentence else ""
    return format_html(
        '<span class="flex gap-2 items-start whitespace-normal {}">'
        '<span class="material-symbols-outlined {}" aria-hidden="true">{}</span>'
        '<span><b class="{}">{}</b>{}</span></span>',
        "min-w-64" if said else "",
        tone,
        judged.state.icon,
        tone,
        judged.state.word,
        said,
    )


def overview(request: HttpRequest, banks: QuerySet[Bank], context: dict[str, Any]) -> HttpResponse:
    """Answer the page of everything at some banks that is not well, and how their bridges are."""
    at = timezone.now()
    found = selectors.faults(banks, at)
    bridges = list(
        Bridge.objects.filter(banks__in=banks)
        .select_related("site", "presence")
        .order_by("site__name", "name")
        .distinct()
    )
    # Those that may be giving out the doors of a bank.
    alone = set(
        banks.alias(may_give=Func("pk", function="lockers_may_give", output_field=BooleanField()))
        .filter(may_give=False)
        .values_list("bridge", flat=True)
    )
    context |= {
        "title": _("Health"),
        "lines": [_line(one) for one in found],
        "bridges": [
            (one, show(selectors.of_bridge(one, at)), one.pk in alone,
             not selectors.is_silent(one, at))
            for one in bridges
        ],
        "wires": [(one, show(one.health)) for one in selectors.wires(bridges, at)],
        "at": at,
        "is_cut": sum(one.kind == "door" for one in found) >= selectors.DOORS_LISTED,
    }  # fmt: skip
    return render(request, "admin/lockers/health.html", context)


def _line(fault: Fault) -> Line:
    places = dict.fromkeys(f"{bank.site}, {bank}" for bank in fault.banks)
    where = "; ".join(places) or str(fault.about.site)
    return Line(fault, _kinds()[fault.kind], where, _link(fault), show(fault.health))


def _kinds() -> dict[str, str]:
    return {
        "bridge": _("Bridge"),
        "bus": _("Wire"),
        "board": _("Board"),
        "reader": _("Reader"),
        # Its name says so already.
        "door": "",
    }


def _link(fault: Fault) -> str:
    about = fault.about
    for model, name in ((Bridge, "bridge"), (Controller, "controller"), (Reader, "reader")):
        if isinstance(about, model):
            return reverse(f"admin:lockers_{name}_change", args=[about.pk])
    return f"{reverse('map-site', args=[fault.banks[0].site_id])}?door={about.pk}"
