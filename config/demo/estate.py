"""Build the sites of the demonstration: areas, banks, boards, readers, terminals, policies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from config.demo import banks as bank_plans
from config.demo.banks import BankPlan
from kiosk.models import Terminal
from lockers.choices import (
    AreaKind,
    DoorState,
    DriverName,
    LockKind,
    ReaderTransport,
    SiteKind,
)
from lockers.models import (
    Area,
    Bank,
    Bridge,
    Compartment,
    Controller,
    Door,
    OpeningHours,
    Organisation,
    Reader,
    Site,
    Size,
    SpecialDay,
)
from occupancy.choices import AtEnd
from occupancy.models import Policy

ORGANISATION = "Northwind Trust"
BADGE_PREFIX, BADGE_SUFFIX, BADGE_LENGTH = "~", "\r", 10
CHANNELS_PER_BOARD = 32
SIZES = (
    ("Small", "handbag, tablet, lunch box"),
    ("Medium", "rucksack, laptop bag, helmet"),
    ("Large", "cabin case, sports bag, boots"),
    ("Tall", "long coat, suit, instrument case"),
)


@dataclass(frozen=True)
class SitePlan:
    """One site of the demonstration: its place, its hours and its rules."""

    name: str
    kind: SiteKind
    areas: tuple[tuple[str, AreaKind], ...]
    banks: tuple[BankPlan, ...]
    days: range
    opens_at: dt.time
    closes_at: dt.time
    policy: str
    ends_at_time: dt.time
    at_end: AtEnd
    closed_days: tuple[tuple[int, int, str], ...]
    limit_per_person: int = 1


OFFICE, SCHOOL, POOL = SITES = (
    SitePlan(
        name="Harbour House",
        kind=SiteKind.OFFICE,
        areas=(
            ("Ground floor", AreaKind.FLOOR),
            ("First floor", AreaKind.FLOOR),
            ("Second floor", AreaKind.FLOOR),
        ),
        banks=bank_plans.OFFICE_BANKS,
        # Staff come in with their badge at any hour, and so may book for any.
        days=range(0, 7),
        opens_at=dt.time(0, 0),
        closes_at=dt.time(23, 59),
        policy="A locker for the day",
        ends_at_time=dt.time(0, 0),
        at_end=AtEnd.RELEASE,
        closed_days=((12, 25, "Christmas Day"), (12, 26, "Boxing Day"), (1, 1, "New Year's Day")),
    ),
    SitePlan(
        name="Linden School",
        kind=SiteKind.SCHOOL,
        areas=(
            ("Main corridor", AreaKind.ZONE),
            ("Science block", AreaKind.ZONE),
            ("Sports hall", AreaKind.ZONE),
            ("Ground floor", AreaKind.FLOOR),
            ("First floor", AreaKind.FLOOR),
            ("Second floor", AreaKind.FLOOR),
        ),
        banks=(*bank_plans.SCHOOL_BANKS, *bank_plans.SCHOOL_YEAR_BANKS),
        days=range(0, 5),
        opens_at=dt.time(7, 45),
        closes_at=dt.time(17, 30),
        policy="A locker for the school day",
        ends_at_time=dt.time(17, 0),
        at_end=AtEnd.HOLD,
        closed_days=((12, 25, "Christmas holidays"), (1, 2, "Teacher training day")),
    ),
    SitePlan(
        name="Quayside Pool",
        kind=SiteKind.LEISURE,
        areas=(
            ("Wet changing village", AreaKind.ZONE),
            ("Family changing", AreaKind.ROOM),
        ),
        banks=bank_plans.POOL_BANKS,
        days=range(0, 7),
        opens_at=dt.time(6, 30),
        closes_at=dt.time(22, 0),
        policy="A locker for the swim",
        ends_at_time=dt.time(22, 0),
        at_end=AtEnd.RELEASE,
        closed_days=((12, 25, "Christmas Day"),),
        limit_per_person=2,
    ),
)


@dataclass
class BuiltSite:
    """A site as it stands in the database, with what the history needs to know."""

    plan: SitePlan
    site: Site
    bridge: Bridge
    policy: Policy
    banks: list[Bank] = field(default_factory=list)
    # Those whose doors are given for an academic year, which ``banks`` leaves out.
    year_banks: list[Bank] = field(default_factory=list)
    # Electronic doors in service: what people can claim.
    doors: list[Compartment] = field(default_factory=list)
    terminals: dict[int, Terminal] = field(default_factory=dict)


@dataclass
class Estate:
    """Everything that was built, site by site in the order of SITES."""

    organisation: Organisation
    sites: list[BuiltSite]

    @property
    def office(self) -> BuiltSite:
        return self.sites[0]

    @property
    def school(self) -> BuiltSite:
        return self.sites[1]


def build(*, at: dt.datetime) -> Estate:
    """Write the estate; every address is a placeholder that ``wiring`` sets afterwards."""
    organisation = Organisation.objects.create(name=ORGANISATION)
    sizes = {
        name: Size.objects.create(organisation=organisation, name=name, rank=rank, fits=fits)
        for rank, (name, fits) in enumerate(SIZES, start=1)
    }
    return Estate(organisation, [_site(organisation, plan, sizes, at) for plan in SITES])


def _site(
    organisation: Organisation, plan: SitePlan, sizes: dict[str, Size], at: dt.datetime
) -> BuiltSite:
    site = Site.objects.create(organisation=organisation, name=plan.name, kind=plan.kind)
    _hours(site, plan, at)
    building = Area.objects.create(site=site, name=plan.name, kind=AreaKind.BUILDING)
    areas = {
        name: Area.objects.create(site=site, parent=building, name=name, kind=kind, position=place)
        for place, (name, kind) in enumerate(plan.areas)
    }
    built = BuiltSite(
        plan=plan,
        site=site,
        bridge=Bridge.objects.create(site=site, name=plan.name),
        policy=Policy.objects.create(
            organisation=organisation,
            site=site,
            name=plan.policy,
            ends_at_time=plan.ends_at_time,
            at_end=plan.at_end,
            limit_per_person=plan.limit_per_person,
        ),
    )
    for position, bank_plan in enumerate(plan.banks):
        _bank(built, bank_plan, areas[bank_plan.area], position, sizes, at)
    return built


def _hours(site: Site, plan: SitePlan, at: dt.datetime) -> None:
    OpeningHours.objects.bulk_create(
        OpeningHours(site=site, weekday=day, opens_at=plan.opens_at, closes_at=plan.closes_at)
        for day in plan.days
    )
    SpecialDay.objects.bulk_create(
        SpecialDay(site=site, date=dt.date(year, month, day), name=name)
        for year in (at.year, at.year + 1)
        for month, day, name in plan.closed_days
    )


def _bank(
    built: BuiltSite,
    plan: BankPlan,
    area: Area,
    position: int,
    sizes: dict[str, Size],
    at: dt.datetime,
) -> None:
    doors = list(bank_plans.doors(plan))
    wired = sum(door.lock_kind == LockKind.ELECTRONIC for door in doors)
    bank = Bank.objects.create(
        site=built.site,
        area=area,
        bridge=built.bridge if wired else None,
        name=plan.name,
        directions=plan.directions,
        plinth_mm=bank_plans.PLINTH_MM,
        is_near_entrance=plan.is_near_entrance,
        position=position,
    )
    (built.year_banks if plan.for_the_year else built.banks).append(bank)
    boards = [_board(built, bank, unit) for unit in range(1, -(-wired // CHANNELS_PER_BOARD) + 1)]
    troubles = {number: (status, note) for number, status, note in plan.troubles}
    rows, lock = [], 0
    for door in doors:
        status, note = troubles.get(door.number, ("in_service", ""))
        row = Compartment(
            bank=bank,
            number=str(door.number),
            size=sizes[door.size],
            column=door.column,
            row=door.row,
            x_mm=door.x_mm,
            y_mm=door.y_mm,
            width_mm=door.width_mm,
            height_mm=door.height_mm,
            floor_mm=door.floor_mm,
            hinge=door.hinge,
            is_accessible=door.is_accessible,
            is_wide=door.is_wide,
            has_charging=door.column in plan.charging,
            is_ventilated=plan.is_ventilated,
            is_ppe=plan.is_ppe,
            lock_kind=door.lock_kind,
            has_sensor=door.lock_kind == LockKind.ELECTRONIC,
            has_status_light=door.lock_kind == LockKind.ELECTRONIC,
            service_status=status,
            service_note=note,
        )
        if door.lock_kind == LockKind.ELECTRONIC:
            row.controller = boards[lock // CHANNELS_PER_BOARD]
            row.channel = lock % CHANNELS_PER_BOARD
            lock += 1
        rows.append(row)
    Compartment.objects.bulk_create(rows)
    electronic = [row for row in rows if row.controller is not None]
    Door.objects.bulk_create(
        Door(
            compartment=row,
            state=DoorState.OPEN if int(row.number) in plan.forced else DoorState.CLOSED,
            changed_at=at,
            is_forced=int(row.number) in plan.forced,
        )
        for row in electronic
    )
    if not plan.for_the_year:
        built.doors += [
            row
            for row in electronic
            if row.service_status == "in_service" and int(row.number) not in plan.forced
        ]
    if electronic:
        _devices(built, plan, bank, electronic)


def _board(built: BuiltSite, bank: Bank, unit: int) -> Controller:
    return Controller.objects.create(
        bridge=built.bridge,
        name=f"Bank {bank.name}, board {unit}",
        driver=DriverName.MODBUS_RELAY,
        # One number is left for the bank that gets its wires by an upgrade.
        address=f"tcp://127.0.0.1:{len(built.banks) + 2 * len(built.year_banks)}",
        unit=unit,
        channels=CHANNELS_PER_BOARD,
    )


def _devices(built: BuiltSite, plan: BankPlan, bank: Bank, electronic: list[Compartment]) -> None:
    """Put the badge readers on a bank, and the screen where it has one."""
    framing = {"prefix": BADGE_PREFIX, "suffix": BADGE_SUFFIX, "length": BADGE_LENGTH}
    wired = {"bank": bank, "transport": ReaderTransport.WIRED, "address": "tcp://127.0.0.1:1"}
    Reader.objects.create(name=f"Reader {bank.name}", **wired, **framing)
    if plan is bank_plans.OFFICE_BANKS[0]:
        door = electronic[6]
        Reader.objects.create(
            name=f"Reader on door {door.number}", compartment=door, **wired, **framing
        )
    if plan.has_kiosk:
        Reader.objects.create(name=f"Kiosk {bank.name} badge reader", bank=bank, **framing)
        built.terminals[bank.pk] = Terminal.objects.create(bank=bank, name=f"Kiosk {bank.name}")
