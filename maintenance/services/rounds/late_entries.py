"""What a phone sent too late: it changes nothing, and is kept beside the door."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access.models import User
from audit.errors import Refusal
from audit.models import ActorKind
from audit.services.events import Actor
from lockers.models import Site
from maintenance.choices import StopResult
from maintenance.models import LateEntry


@dataclass(frozen=True)
class Sent:
    """What a phone says of a door."""

    entry_id: uuid.UUID
    stop_id: int
    result: StopResult
    note: str
    happened_at: dt.datetime
    actor: Actor


def kept(refusal: Refusal, sent: Sent, at: dt.datetime) -> Refusal:
    """Return the refusal, with what was sent to be kept after the roll-back; once for an entry."""
    is_staff = sent.actor.kind == ActorKind.STAFF

    def write() -> object:
        return LateEntry.objects.get_or_create(
            entry_id=sent.entry_id,
            defaults={
                "stop_id": sent.stop_id, "result": sent.result, "note": sent.note,
                "happened_at": sent.happened_at, "received_at": at,
                "sent_by": int(sent.actor.id) if is_staff else None,
            },
        )  # fmt: skip

    return refusal.keep(write)


def name_of(user_id: int | None) -> str:
    """Return who that is, as others know them."""
    user = User.objects.filter(pk=user_id).first() if user_id is not None else None
    return str(user.get_full_name() or user) if user is not None else _("Somebody else")


def local(instant: dt.datetime, site: Site) -> str:
    """Write an instant as the clocks of a site show it."""
    return date_format(instant.astimezone(site.zone), "D j M, H:i")
