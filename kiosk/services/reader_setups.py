"""A bridge says that a reader took its key."""

from __future__ import annotations

import datetime as dt

from audit.services.events import Actor
from kiosk import configuration
from lockers.models import Bridge, Reader
from lockers.services import reader_keys


def ended(*, bridge: Bridge, reader_id: int, config_hash: str, at: dt.datetime) -> bool:
    """Give its key to nobody else from now on; False when that is over already.

    What a bridge says that runs by an older configuration may be about an older key.
    """
    reader = (
        Reader.objects.select_related("bank__site")
        .filter(pk=reader_id, bank__bridge=bridge, installs_key=True)
        .first()
    )
    if reader is None or configuration.of(bridge).config_hash != config_hash:
        return False
    return reader_keys.installed(reader=reader, actor=Actor.bridge(bridge.pk), at=at)
