"""The secret that an OSDP reader shares with us: made here, sealed, never shown to anybody."""

from __future__ import annotations

import datetime as dt
import logging
import secrets

from django.conf import settings
from django.db import connection, transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import sealing
from lockers.models import Reader

log = logging.getLogger(__name__)

_KEY_BYTES = 16


def make(*, reader: Reader, actor: Actor, at: dt.datetime) -> None:
    """Make the key of a reader that is about to be saved; raises sealing.CannotOpen."""
    if reader.pk is None:
        # The key is sealed for this row, and the row is not stored without its key.
        reader.pk = _next_number()
    key = secrets.token_bytes(_KEY_BYTES).hex()
    reader.sealed_key = sealing.seal(settings.COMBINATION_KEYS, _place(reader), key)
    _record(Action.READER_KEY_MADE, reader, actor, at)


def renew(*, reader: Reader, actor: Actor, at: dt.datetime) -> None:
    """Make another key: the reader is not believed any more until it is set up again.

    Raises sealing.CannotOpen.
    """
    with transaction.atomic():
        make(reader=reader, actor=actor, at=at)
        reader.installs_key = False
        reader.save(update_fields=["sealed_key", "installs_key"])


def installed(*, reader: Reader, actor: Actor, at: dt.datetime) -> bool:
    """Note that a reader took its key: it is given to nobody else; False when that is no news."""
    with transaction.atomic():
        # A key that was made in the meantime is not the one that it took.
        same = Reader.objects.filter(
            pk=reader.pk, sealed_key=reader.sealed_key, installs_key=True
        ).update(installs_key=False)
        if same:
            _record(Action.READER_KEY_INSTALLED, reader, actor, at)
    return bool(same)


def key_of(reader: Reader) -> str:
    """Return the key in hexadecimal, "" when it cannot be opened: such a reader is not used."""
    try:
        return sealing.unseal(settings.COMBINATION_KEYS, _place(reader), reader.sealed_key)
    except sealing.CannotOpen:
        log.error("the key of reader %s cannot be opened: make a new one", reader.pk)
        return ""


def reseal() -> int:
    """Seal every key again under the newest one; return how many. Raises CannotOpen."""
    with transaction.atomic():
        rows = list(
            Reader.objects.select_for_update(no_key=True).exclude(sealed_key="").order_by("pk")
        )
        for row in rows:
            row.sealed_key = sealing.reseal(settings.COMBINATION_KEYS, row.sealed_key)
        Reader.objects.bulk_update(rows, ["sealed_key"], batch_size=500)
    return len(rows)


def _place(reader: Reader) -> str:
    return f"reader:{reader.pk}"


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('lockers_reader', 'id'))")
        (number,) = cursor.fetchone()
    return int(number)


def _record(action: Action, reader: Reader, actor: Actor, at: dt.datetime) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=reader.bank.site.organisation_id,
        site_id=reader.bank.site_id,
        bank_id=reader.bank_id,
        subject=f"{reader._meta.label_lower}:{reader.pk}",
        data={"name": reader.name},
    )
