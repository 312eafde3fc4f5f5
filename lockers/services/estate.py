"""Building the estate: a whole bank from a layout text, or nothing of it."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import layouts
from lockers.choices import LockKind
from lockers.errors import BankExists, CannotBeWired
from lockers.layouts import DrawnDoor
from lockers.models import Area, Bank, Bridge, Compartment, Controller, Organisation, Site, Size

# Within reach of somebody in a wheelchair. ISO 21542 (accessibility of the built environment) and
# the guidance that follows it place what is operated by hand between 400 mm and 1200 mm above
# the floor; a locker is operated, and its inside reached, around the middle of its door.
REACH_MM = (400, 1200)


def create_bank(
    *,
    site: Site,
    name: str,
    layout: str,
    actor: Actor,
    at: dt.datetime,
    first_number: int = 1,
    area: Area | None = None,
    bridge: Bridge | None = None,
    directions: str = "",
    plinth_mm: int = 100,
    lock_kind: LockKind = LockKind.ELECTRONIC,
    has_sensor: bool | None = None,
    controller: Controller | None = None,
    first_channel: int = 0,
) -> Bank:
    """Create a bank with every door of a layout, wired in the order of the numbers.

    Sizes that the organisation lacks are created. ``has_sensor`` follows the kind of lock when
    it is not given. Raises UnknownLayout, BankExists and CannotBeWired, and ValidationError for
    what the models refuse, such as an area of another site.
    """
    drawn = layouts.read(layout)
    bank = Bank(
        site=site,
        area=area,
        bridge=bridge,
        name=name,
        directions=directions,
        plinth_mm=plinth_mm,
    )
    bank.full_clean(validate_unique=False, validate_constraints=False)
    with transaction.atomic():
        if controller is not None:
            _check_wiring(bank, lock_kind, controller, first_channel, len(drawn))
        _save(bank)
        sizes, new_sizes = _sizes(site.organisation_id, layouts.sizes(drawn))
        doors = [
            Compartment(
                bank=bank,
                number=str(first_number + index),
                size=sizes[door.size],
                column=door.column,
                row=door.row,
                x_mm=door.x_mm,
                y_mm=door.y_mm,
                width_mm=door.width_mm,
                height_mm=door.height_mm,
                floor_mm=(floor_mm := _above_floor(door, drawn, plinth_mm)),
                is_accessible=is_reached(floor_mm, door.height_mm),
                lock_kind=lock_kind,
                controller=controller,
                channel=first_channel + index if controller is not None else None,
                has_sensor=lock_kind == LockKind.ELECTRONIC if has_sensor is None else has_sensor,
            )
            for index, door in enumerate(drawn)
        ]
        for door in doors:
            # Without the relations: each would be looked up again, for every door.
            door.clean_fields(exclude={"bank", "size", "controller"})
            door.clean()
        Compartment.objects.bulk_create(doors)
        events.record(
            action=Action.BANK_CREATED,
            actor=actor,
            at=at,
            organisation_id=site.organisation_id,
            site_id=site.pk,
            bank_id=bank.pk,
            subject=f"{bank._meta.label_lower}:{bank.pk}",
            data={"doors": len(doors), "layout": layout, "new_sizes": new_sizes},
        )
    return bank


def _above_floor(door: DrawnDoor, drawn: list[DrawnDoor], plinth_mm: int) -> int:
    """Return how high the lower edge of a door is above the floor."""
    return plinth_mm + layouts.BANK_HEIGHT_MM - door.y_mm - door.height_mm


def is_reached(floor_mm: int, height_mm: int) -> bool:
    """Say whether somebody in a wheelchair reaches a door that begins so high above the floor."""
    lowest, highest = REACH_MM
    return lowest <= floor_mm + height_mm / 2 <= highest


def _save(bank: Bank) -> None:
    try:
        with transaction.atomic():
            bank.save()
    except IntegrityError as error:  # the site has one bank of a name, whoever is first
        raise BankExists(name=bank.name) from error


def _check_wiring(
    bank: Bank, lock_kind: LockKind, controller: Controller, first_channel: int, count: int
) -> None:
    """Refuse a board that cannot drive all doors; keep others from wiring to it meanwhile."""
    # FOR UPDATE: a door that is wired to this board at the same time waits for this transaction.
    board = Controller.objects.select_for_update().get(pk=controller.pk)
    if lock_kind != LockKind.ELECTRONIC:
        raise CannotBeWired(problem=_("Only electronic locks are wired to a board."))
    if board.bridge_id != bank.bridge_id:
        raise CannotBeWired(
            problem=_("%(board)s hangs on another bridge. Choose its bridge for this bank.")
            % {"board": board}
        )
    room = max(board.channels - first_channel, 0)
    if count > room:
        raise CannotBeWired(
            problem=ngettext(
                "%(board)s has %(room)d channel from channel %(first)d on, and there are"
                " %(doors)d doors.",
                "%(board)s has %(room)d channels from channel %(first)d on, and there are"
                " %(doors)d doors.",
                room,
            )
            % {"board": board, "room": room, "first": first_channel, "doors": count}
        )
    taken = (
        Compartment.objects.filter(
            controller=board, channel__range=(first_channel, first_channel + count - 1)
        )
        .select_related("bank")
        .order_by("channel")
        .first()
    )
    if taken is not None:
        raise CannotBeWired(
            problem=_("Channel %(channel)d of %(board)s drives door %(door)s of bank %(bank)s.")
            % {"channel": taken.channel, "board": board, "door": taken, "bank": taken.bank}
        )


def _sizes(organisation_id: int, names: list[str]) -> tuple[dict[str, Size], list[str]]:
    """Return the sizes of an organisation by the names in a layout, and which of them are new.

    Small and SMALL are one size. New ones rank after those that exist, smallest first.
    """
    # Two banks at once must not both create a size, nor give one rank twice.
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
    known = {
        size.name.casefold(): size for size in Size.objects.filter(organisation_id=organisation_id)
    }
    rank = max((size.rank for size in known.values()), default=0)
    new = [name for name in names if name.casefold() not in known]
    for name in new:
        rank += 1
        size = Size(organisation_id=organisation_id, name=name, rank=rank)
        size.full_clean(validate_unique=False, validate_constraints=False)
        size.save()
        known[name.casefold()] = size
    return {name: known[name.casefold()] for name in names}, new
