"""Make the one-time codes with which the demonstration's machines introduce themselves."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from config.demo.happenings import ACTOR
from config.demo.wiring import SCREENS_OFFSET
from kiosk.bridge import identity
from kiosk.bridge.identity import Identity, Kept
from kiosk.models import Terminal
from lockers import introduction
from lockers.models import Bridge
from lockers.services import bridge_keys, enrolment


def for_bridges(
    organisation_id: int, *, var: Path, port: int, at: dt.datetime
) -> dict[int, dict[str, Any]]:
    """Return every bridge by its number: its state folder, its screen's port, perhaps a code.

    It needs a code when its key is gone, or is not the one that this database knows.
    """
    bridges = Bridge.objects.filter(
        site__organisation_id=organisation_id, banks__isnull=False, revoked_at__isnull=True
    )
    told: dict[int, dict[str, Any]] = {}
    names: set[str] = set()
    for place, bridge in enumerate(bridges.select_related("site").distinct().order_by("pk")):
        name = slugify(bridge.name)
        if not name or name in names:
            name = f"{name or 'bridge'}-{bridge.pk}"
        names.add(name)
        state = var / "bridges" / name
        is_enrolled = _is_enrolled(bridge, state)
        told[bridge.pk] = {
            "name": name,
            "state": str(state),
            "screen_port": port + SCREENS_OFFSET + place,
            "enrolment_code": None
            if is_enrolled
            else bridge_keys.make_code(bridge=bridge, actor=ACTOR, at=at),
        }
    return told


def _is_enrolled(bridge: Bridge, state: Path) -> bool:
    """Say whether the key in a bridge's folder is good here; put a stranger's folder aside.

    Its journal tells of another database's doors (DATABASE_URL was another one, or it was emptied):
    replayed into this one, it would open and close doors that never moved.
    """
    try:
        kept = identity.load(state / identity.FILE, Identity)
    except identity.Unreadable:
        return False
    if kept is None:
        return False
    ours = {introduction.public_key(key).hex() for key in Kept(state, kept).keys}
    if bridge.public_key in ours and set(kept.server_keys) & set(bridge_keys.server_keys()):
        return True
    aside = state.with_name(f"{state.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    state.rename(aside)
    return False


def for_terminal(organisation_id: int, *, at: dt.datetime) -> tuple[str, int] | None:
    """Return a fresh code for the first kiosk, and the number of its bridge."""
    terminal = (
        Terminal.objects.filter(
            bank__site__organisation_id=organisation_id, bank__bridge__isnull=False
        )
        .select_related("bank__site")
        .order_by("pk")
        .first()
    )
    if terminal is None or terminal.bank.bridge_id is None:
        return None
    code = enrolment.make_code(
        device=terminal,
        subject=f"terminal:{terminal.pk}",
        site=terminal.bank.site,
        actor=ACTOR,
        at=at,
    )
    return code, terminal.bank.bridge_id
