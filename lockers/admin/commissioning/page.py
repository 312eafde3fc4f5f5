"""Door by door: open, say which door moved, close. Everything is kept at each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.errors import Refusal
from audit.services import idempotency
from lockers import wiring
from lockers.admin import panels
from lockers.admin.commissioning import stages
from lockers.admin.commissioning.forms import WireForm, known_wire
from lockers.admin.commissioning.stages import Name, Stage
from lockers.admin.commissioning.words import PROBLEMS, STANDINGS
from lockers.commissioning import NONE, SEVERAL, Problem
from lockers.models import Bank, Bridge, Commissioning, Compartment
from lockers.scoping import MANAGE, OVERRIDE, SiteScopedAdmin, banks_of
from lockers.services.commissioning import beginning, finishing, trying


class CommissionPage(SiteScopedAdmin):
    """Adds the page "Commission" to the page of a bank.

    It opens doors whoever has them: that takes the right to change the bank and to override.
    """

    actions_detail = ["commission"]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer the page to those who may use it; to others it does not exist."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        if self._commissionable(request, object_id) is not None:
            return offered
        return [one for one in offered if not one.action_name.endswith("_commission")]

    def _commissionable(self, request: HttpRequest, pk: object) -> Bank | None:
        try:
            return (
                banks_of(request.user, MANAGE)
                .filter(pk__in=banks_of(request.user, OVERRIDE).values("pk"), pk=pk)
                .select_related("site", "bridge")
                .first()
            )
        except (ValueError, ValidationError):
            return None

    @action(description=_("Commission"), url_path="commission", icon="cable")  # type: ignore[untyped-decorator]  # unfold brings no types
    def commission(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what is asked now, or take what was said."""
        bank = self._commissionable(request, object_id)
        if bank is None or not self.has_view_permission(request, bank):
            raise Http404
        under_way = beginning.running(bank)
        if request.method == "POST":
            return self._take(request, bank, under_way)
        if under_way is None:
            return self._begin_page(request, bank)
        at = timezone.now()
        go = request.GET.get("go", "")
        stage = stages.of(under_way, at, goes_on=go == "on")
        if go == "wire" and under_way.door_id is None and not stage.is_waiting:
            stage = Stage(Name.WIRE)
        elif go == "which" and stage.name is Name.SHUTTING:
            stage = replace(stage, name=Name.WHICH)
        elif go == "summary" and under_way.boards and not stage.is_waiting:
            stage = Stage(Name.SUMMARY)
        if request.headers.get("HX-Request"):
            if request.GET.get("seen") == stage.token:
                return HttpResponse(status=204)
            return self._draw(request, bank, under_way, stage, "_commission.html")
        return self._draw(request, bank, under_way, stage, "commission.html")

    # ---- what is shown -------------------------------------------------------------------------

    def _begin_page(self, request: HttpRequest, bank: Bank) -> HttpResponse:
        wired = wiring.of(bank)
        shown = panels.drawn(request, wired.last) if wired.last is not None else []
        if request.headers.get("HX-Request"):
            return HttpResponse(format_html_join("", "{}", ((one,) for one in shown)))
        doors = Compartment.objects.filter(bank=bank, controller__isnull=False)
        return self._page(
            request,
            "commission_begin.html",
            bank,
            wired=wired,
            standing=STANDINGS[wired.standing],
            bridges=Bridge.objects.filter(site=bank.site, revoked_at__isnull=True),
            doors=doors.order_by("column", "row"),
            may_try_one=wired.standing is wiring.Standing.COMMISSIONED,
            panels=shown,
        )

    def _draw(
        self,
        request: HttpRequest,
        bank: Bank,
        under_way: Commissioning,
        stage: Stage,
        template: str,
        form: WireForm | None = None,
    ) -> HttpResponse:
        derived = finishing.found(under_way)
        wanted = finishing.doors(under_way)
        if stage.name is Name.WIRE and form is None:
            form = WireForm(initial=known_wire(under_way))
        unit = under_way.boards[stage.board]["unit"] if under_way.boards else ""
        moved = stage.step.moved if stage.step is not None else ""
        return self._page(
            request,
            template,
            bank,
            commissioning=under_way,
            stage=stage,
            unit=unit,
            form=form,
            moved=next((door.number for door in wanted if str(door.pk) == moved), ""),
            drawing=_drawing(bank, set(derived.doors), under_way),
            count=len(derived.doors),
            total=len(wanted),
            boards=stages.board_words(under_way, derived),
            lines=stages.lines(under_way, derived, wanted),
            missing=stages.missing(derived, wanted),
            not_found=PROBLEMS[Problem.DOOR_NOT_FOUND],
            is_ready=not derived.refusals,
            goes_on=stages.of(under_way, timezone.now()).name is not Name.SUMMARY,
            none=NONE,
            several=SEVERAL,
        )

    def _page(
        self, request: HttpRequest, template: str, bank: Bank, **context: Any
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "title": _now("Commission bank %(name)s") % {"name": bank.name},
            "opts": self.opts,
            "bank": bank,
            "here": request.path,
            "back": reverse("admin:lockers_bank_change", args=[bank.pk]),
            **context,
        }
        return render(request, f"admin/lockers/{template}", whole)

    # ---- what is said --------------------------------------------------------------------------

    def _take(
        self, request: HttpRequest, bank: Bank, under_way: Commissioning | None
    ) -> HttpResponse:
        do = request.POST.get("do", "")
        if do == "scan" and under_way is not None:
            form = WireForm(request.POST)
            if not form.is_valid():
                stage = Stage(Name.WIRE)
                return self._draw(request, bank, under_way, stage, "commission.html", form)
        verb = _VERBS.get(do)
        if verb is None or (under_way is None) != (do in _BEFORE):
            # Of a page that was left open: what is asked now is another thing.
            messages.warning(
                request, _now("Somebody went on meanwhile. This is what is asked now.")
            )
        else:
            try:
                verb(request, bank, under_way)
            except Refusal as refusal:
                idempotency.settle(refusal)
                messages.error(request, str(refusal))
        return HttpResponseRedirect(request.path)


def _drawing(bank: Bank, found: set[str], under_way: Commissioning) -> dict[str, Any]:
    """Return the doors as shares of the bank's drawing, so that any screen can scale it."""
    doors = list(bank.compartments.order_by("column", "row"))
    width = max((door.x_mm + door.width_mm for door in doors), default=1)
    height = max((door.y_mm + door.height_mm for door in doors), default=1)
    return {
        "ratio": f"{width} / {height}",
        "columns": len({door.column for door in doors}),
        "doors": [
            {
                "pk": door.pk,
                "number": door.number,
                "is_found": str(door.pk) in found,
                "place": (
                    f"left:{100 * door.x_mm / width:.3f}%;top:{100 * door.y_mm / height:.3f}%;"
                    f"width:{100 * door.width_mm / width:.3f}%;"
                    f"height:{100 * door.height_mm / height:.3f}%"
                ),
            }
            for door in doors
        ],
    }


def _user(request: HttpRequest) -> int:
    assert request.user.pk is not None  # the administration asks for a log-in
    return request.user.pk


def _number(request: HttpRequest, name: str) -> int:
    """Return a number of the form; -1, which names nothing, for anything else."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _begin(request: HttpRequest, bank: Bank, _none: Any) -> None:
    bridge = Bridge.objects.filter(
        site=bank.site, revoked_at__isnull=True, pk=_number(request, "bridge")
    ).first()
    if bridge is None:
        messages.error(request, _now("Choose the bridge to which the boards are wired."))
        return
    beginning.begin(bank=bank, bridge=bridge, user_id=_user(request), at=timezone.now())


def _begin_one(request: HttpRequest, bank: Bank, _none: Any) -> None:
    door = (
        Compartment.objects.filter(bank=bank, pk=_number(request, "door"))
        .select_related("controller__bridge")
        .first()
    )
    if door is None or door.controller is None:
        messages.error(request, _now("Choose the door whose lock was changed."))
        return
    beginning.begin(
        bank=bank, bridge=door.controller.bridge, door=door, user_id=_user(request),
        at=timezone.now(),
    )  # fmt: skip


def _scan(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    form = WireForm(request.POST)
    assert form.is_valid()  # looked at before
    beginning.scan(
        commissioning=under_way, place=form.place(), units=form.units(), user_id=_user(request),
        at=timezone.now(),
    )  # fmt: skip


def _use(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    units = [int(unit) for unit in request.POST.getlist("unit") if unit.isdigit()]
    beginning.take_boards(commissioning=under_way, units=units)


def _rescan(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    beginning.forget_scan(commissioning=under_way)


def _try(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    trying.attempt(
        commissioning=under_way, board=_number(request, "board"),
        channel=_number(request, "channel"), user_id=_user(request), at=timezone.now(),
    )  # fmt: skip


def _moved(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    trying.say_moved(
        commissioning=under_way, step_id=_number(request, "step"),
        moved=request.POST.get("moved", ""), user_id=_user(request), at=timezone.now(),
    )  # fmt: skip


def _bare(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    trying.say_without_sensor(
        commissioning=under_way, step_id=_number(request, "step"), user_id=_user(request),
        at=timezone.now(),
    )  # fmt: skip


def _wait(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    trying.wait_again(
        commissioning=under_way, step_id=_number(request, "step"), user_id=_user(request),
        at=timezone.now(),
    )  # fmt: skip


def _live(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    done = finishing.go_live(commissioning=under_way, user_id=_user(request), at=timezone.now())
    messages.success(
        request,
        _now("Version %(version)d of this bank's wiring is live.") % {"version": done.version or 0},
    )


def _leave(request: HttpRequest, bank: Bank, under_way: Commissioning) -> None:
    beginning.leave(commissioning=under_way, user_id=_user(request), at=timezone.now())


_VERBS: dict[str, Callable[[HttpRequest, Bank, Any], None]] = {
    "begin": _begin,
    "begin_one": _begin_one,
    "scan": _scan,
    "use": _use,
    "rescan": _rescan,
    "try": _try,
    "moved": _moved,
    "bare": _bare,
    "wait": _wait,
    "live": _live,
    "leave": _leave,
}
_BEFORE = {"begin", "begin_one"}
