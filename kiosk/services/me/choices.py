"""What a person could have: at which bank, of which size, which door, and why that one."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.choices import NEEDS_ACCESS
from access.models import TemporaryAccess
from audit.errors import Refusal
from kiosk import offers, untils
from kiosk.models import PhoneSession
from kiosk.services.me import doors, sessions
from lockers.models import Area, Bank, Site, Size
from occupancy import selectors as occupancy
from occupancy.allocation import ranking
from occupancy.allocation.engine import Choice, Plan
from occupancy.allocation.ranking import Door
from occupancy.models import Policy
from occupancy.selectors import BankFacts
from occupancy.services.claims import claiming
from occupancy.services.claims.claiming import Wanted


@dataclass(frozen=True)
class BankChoice:
    """A bank, how many of its doors are free, and whether it is reached."""

    bank: BankFacts
    free: int
    total: int
    is_reached: bool


@dataclass(frozen=True)
class DoorChoice:
    """The best door of a size now, until when it would be theirs, and why it is this one."""

    size: Size | None
    number: str
    door_id: int
    until: str
    why: str
    free: int


@dataclass(frozen=True)
class Choices:
    """The best doors of a bank: of any size, and of each; or why there is none."""

    best: DoorChoice | None = None
    sizes: list[DoorChoice] = field(default_factory=list)
    # By size, for whoever wants a very door; first where people pick their own.
    doors: list[tuple[Size, list[Door]]] = field(default_factory=list)
    is_own_choice: bool = False
    # What to do first, where it is not to be had from where the person is.
    only_there: str = ""
    refusal: str = ""
    also: list[str] = field(default_factory=list)
    is_full: bool = False


def sites(session: PhoneSession, at: dt.datetime) -> QuerySet[Site]:
    """Return the sites where somebody may be looking for a door, their own first.

    Visitors and contractors see those alone that they were given access to.
    """
    person = session.person
    found = Site.objects.filter(organisation=person.organisation_id)
    if person.kind in NEEDS_ACCESS:
        given = TemporaryAccess.objects.filter(
            person=person, revoked_at__isnull=True, ends_at__gt=at
        )
        found = found.filter(pk__in=given.values("site"))
    return found.order_by("name", "pk")


def site_of(session: PhoneSession, found: list[Site], wanted: int | None) -> Site | None:
    """Return the site that is looked at: as asked, else of the visit, else the home one."""
    visit = session.visit
    for pk in (wanted, visit.site_id if visit else None, session.person.home_site_id):
        for site in found:
            if site.pk == pk:
                return site
    return found[0] if found else None


def banks(site: Site, at: dt.datetime, order: Sequence[int] = ()) -> list[BankChoice]:
    """Return the banks of a site, each with what is free: three statements for any number."""
    by_bank: dict[int, list[occupancy.MapDoor]] = {}
    for door in occupancy.site_states([site.pk], at):
        by_bank.setdefault(door.bank_id, []).append(door)
    found = [
        BankChoice(
            bank,
            sum(door.is_claimable(at) for door in by_bank.get(bank.id, [])),
            sum(door.is_wired for door in by_bank.get(bank.id, [])),
            bank.is_online(at) and bank.bridge_id is not None,
        )
        for bank in occupancy.banks_of(at, site_ids=[site.pk])
    ]
    return sorted(found, key=lambda one: order.index(one.bank.id)) if order else found


def near(site: Site, called: str) -> list[int]:
    """Return the banks of a site, the nearest to what is called so first; none for no such place.

    It is a desk or a room that stands close by a bank, or an area.
    """
    area = Area.objects.filter(site=site, name__icontains=called).order_by("position", "pk").first()
    found = banks_near(area.pk if area else None, site, called)
    if area is None and not any(_named(bank, called) for bank in found):
        return []
    return [bank.pk for bank in found]


def of_bank(session: PhoneSession, bank: Bank, near: tuple[int, ...], at: dt.datetime) -> Choices:
    """Return what somebody could have at a bank, without taking it."""
    try:
        plan = claiming.look(
            person_id=session.person_id, bank_id=bank.pk, wanted=Wanted(near=near), at=at,
            credential=doors.SHOWN,
        )  # fmt: skip
    except Refusal as refusal:
        return Choices(refusal=str(refusal))
    if not plan.choices:
        told = offers.why_not(plan)
        return Choices(
            refusal=told["message"],
            also=told["also"],
            is_full=told["code"] == "no_compartment_available",
        )
    ids = {choice.door.size_id for choice in plan.choices}
    sizes = list(Size.objects.filter(pk__in=ids).order_by("rank", "pk"))
    zone = bank.site.zone
    each = [_best(plan, size, zone, at) for size in sizes]
    return Choices(
        best=_best(plan, None, zone, at),
        sizes=[one for one in each if one is not None],
        doors=[(size, _doors(plan, size)) for size in sizes],
        is_own_choice=plan.choices[0].offer.rules.meaning.is_own_choice,
        only_there=_only_there(session, bank, plan.choices[0], at),
    )


def banks_near(area_id: int | None, site: Site, desk: str = "") -> list[Bank]:
    """Return the banks of a site, the nearest first: those close by a desk, then by the area."""
    parents = _parents(site)
    path = _path(area_id, parents)

    def far(bank: Bank) -> tuple[int, int]:
        return -_named(bank, desk), ranking.distance(_path(bank.area_id, parents), path)

    rows = Bank.objects.filter(site=site).select_related("site")
    return sorted(rows.order_by("position", "name", "pk"), key=far)


def area_path(area_id: int | None, site: Site) -> tuple[int, ...]:
    """Return an area's ids from the outermost in."""
    return _path(area_id, _parents(site)) if area_id is not None else ()


def _named(bank: Bank, desk: str) -> int:
    """Return how many words of a desk's name stand in what is close by a bank."""
    nearby = bank.nearby.casefold()
    return sum(word in nearby for word in desk.casefold().split())


def _parents(site: Site) -> dict[int, int | None]:
    return dict(Area.objects.filter(site=site).values_list("pk", "parent_id"))


def _path(area_id: int | None, parents: dict[int, int | None]) -> tuple[int, ...]:
    path: list[int] = []
    while area_id in parents and area_id not in path:
        path.insert(0, area_id)
        area_id = parents[area_id]
    return tuple(path)


def _best(
    plan: Plan, size: Size | None, zone: zoneinfo.ZoneInfo, at: dt.datetime
) -> DoorChoice | None:
    fit = [one for one in plan.choices if size is None or one.door.size_id == size.pk]
    if not fit:
        return None
    offer = fit[0].offer
    return DoorChoice(
        size=size,
        number=fit[0].door.number,
        door_id=fit[0].door.id,
        until=untils.offered(offer.rules.model, offer.term.due_at, zone, at),
        why=offers.because(_why(fit, size)),
        free=len(fit),
    )


def _doors(plan: Plan, size: Size) -> list[Door]:
    """Return the free doors of a size as people count: 2 before 10."""
    mine = [one.door for one in plan.choices if one.door.size_id == size.pk]
    return sorted(mine, key=lambda door: (len(door.number), door.number))


def _only_there(session: PhoneSession, bank: Bank, choice: Choice, at: dt.datetime) -> str:
    """Return what to do where a door is had before it alone: its use ends with an opening."""
    rules = choice.offer.rules
    if not rules.meaning.ends_at_tap:
        return ""
    if not Policy.objects.filter(pk=rules.policy_id, opens_by_phone=True).exists():
        return _("These are taken at the lockers: use the screen there.")
    here = sessions.stands_at(session, at)
    if here is not None and here.pk == bank.pk:
        return ""
    return _("These are taken at the lockers: go there and scan the label with your camera.")


def _why(fit: list[Choice], size: Size | None) -> str:
    """Return the reason for which the first came before others, as a claim would tell it."""
    for other in fit[1:]:
        if other.offer.rules.ranking != fit[0].offer.rules.ranking:
            break
        reason = ranking.decisive(fit[0].ranked, other.ranked)
        if reason is not None:
            return reason.criterion.value
    return "first" if size is None else "size"
