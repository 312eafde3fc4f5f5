"""A bank that works alone: its bridge answers, is cut off, and writes down what it is told."""

from __future__ import annotations

from lockers.models import Authority, Bank
from lockers.services import authority
from occupancy.services import keeping
from tests.factories.cast import Estate


def works_alone(estate: Estate) -> None:
    """Let the bank work alone; its bridge is here, and has not answered yet."""
    Bank.objects.filter(pk=estate.bank.pk).update(works_alone=True)
    authority.greeted(bridge_id=estate.bridge.pk, term=0, is_alone=False)
    authority.entrust(bridge_id=estate.bridge.pk, banks=[estate.bank.pk])


def answer(estate: Estate) -> None:
    """Be the bridge: let the server give doors for the next moment."""
    authority.beat(bridge_id=estate.bridge.pk, term=0)


def cut_off(estate: Estate) -> None:
    """Cut the bridge off: from now on it may decide alone."""
    Authority.objects.filter(bridge=estate.bridge).update(beat_at=None)


def write_down(estate: Estate) -> None:
    """Be the bridge: have everything that it is told."""
    told = keeping.untold(bridge_id=estate.bridge.pk)
    keeping.kept(
        bridge_id=estate.bridge.pk,
        states={one.claim_id: one.state for one in told.holds},
        gone=told.gone,
    )
