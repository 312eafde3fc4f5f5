"""The terminal's address for what is wrong with a door, said by whoever stands there."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

import segno

from audit.services.events import Actor
from kiosk.authentication import Here
from kiosk.errors import Malformed
from kiosk.views.acting import acting, number_in, text_in, who_in
from lockers.models import Compartment
from maintenance import door_labels, limits
from maintenance.choices import Category, Source
from maintenance.reportable import category_of
from maintenance.services.tickets import reporting
from maintenance.services.tickets.subjects import Subject


def _report(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Tell those who look after a door of this bank what is wrong with it.

    Nobody has to say who they are; somebody whose turn it is, is known.
    """
    category = category_of(text_in(body, "category"))
    if category is None:
        raise Malformed(problem="category must be one of those that are offered")
    door = (
        Compartment.objects.select_related("bank__site")
        .filter(pk=number_in(body, "door"), bank=here.bank_id)
        .first()
    )
    if door is None:
        raise Malformed(problem="door must be one of this bank")
    actor = here.actor
    if "scan" in body:
        actor = Actor.person(who_in(here, body, at).person_id)
    else:
        limits.check_screen(here.terminal_id, here.bank_id, at)
    reporting.report(
        subject=Subject.of_door(door), category=category, source=Source.KIOSK, actor=actor, at=at
    )
    return {"number": door.number, "phone": _for_a_phone(door.pk, category)}


def _for_a_phone(door_id: int, category: Category) -> str:
    """Return the code that leads a phone to the same fault of the door, to add a photo.

    A screen takes none: a camera has no place where people change.
    """
    address = f"{door_labels.address_of(door_id)}?{urlencode({'category': category.value})}"
    return segno.make_qr(address, error="m").svg_data_uri(border=4, dark="#000", light="#fff")


report = acting(_report)
