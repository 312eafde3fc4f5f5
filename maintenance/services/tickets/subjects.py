"""What a ticket is about: one door, board, bridge or bank."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q

from lockers.models import Bank, Bridge, Compartment, Controller, Site
from maintenance.models import Ticket


@dataclass(frozen=True)
class Subject:
    """One thing that can be broken, and where to go for it."""

    site_id: int
    bank_id: int | None = None
    compartment_id: int | None = None
    controller_id: int | None = None
    bridge_id: int | None = None
    # Where it was at hand already: thousands of faults are reported one after the other.
    site: Site | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of_door(cls, compartment: Compartment) -> Subject:
        """Return a door."""
        bank = compartment.bank
        site = bank.site if Bank.site.is_cached(bank) else None
        return cls(bank.site_id, bank.pk, compartment_id=compartment.pk, site=site)

    @classmethod
    def of_board(cls, controller: Controller) -> Subject:
        """Return a board; its place is that of its first door."""
        banks = Bank.objects.filter(compartments__controller=controller)
        bank = banks.order_by("position", "name").first()
        bank_id = bank.pk if bank is not None else _only_bank(controller.bridge_id)
        return cls(controller.bridge.site_id, bank_id, controller_id=controller.pk)

    @classmethod
    def of_bridge(cls, bridge: Bridge) -> Subject:
        """Return a bridge; it stands at its bank, if it has one only."""
        return cls(bridge.site_id, _only_bank(bridge.pk), bridge_id=bridge.pk)

    @classmethod
    def of_bank(cls, bank: Bank) -> Subject:
        """Return a bank itself."""
        return cls(bank.site_id, bank.pk)

    @classmethod
    def of_ticket(cls, ticket: Ticket) -> Subject:
        """Return what a ticket is about."""
        return cls(
            ticket.site_id, ticket.bank_id, ticket.compartment_id, ticket.controller_id,
            ticket.bridge_id,
        )  # fmt: skip

    def lock(self) -> None:
        """Lock the thing until the transaction ends: who comes second sees what the first did.

        Always before a ticket of it, so that two never wait for each other.
        """
        if self.compartment_id is not None:
            _lock(Compartment, self.compartment_id)
        elif self.controller_id is not None:
            _lock(Controller, self.controller_id)
        elif self.bridge_id is not None:
            _lock(Bridge, self.bridge_id)
        elif self.bank_id is not None:
            _lock(Bank, self.bank_id)

    def same(self) -> Q:
        """Return the condition for tickets about it; where a board stands may have changed."""
        if self.compartment_id is not None:
            return Q(compartment=self.compartment_id)
        if self.controller_id is not None:
            return Q(controller=self.controller_id)
        if self.bridge_id is not None:
            return Q(bridge=self.bridge_id)
        return Q(
            bank=self.bank_id, compartment__isnull=True, controller__isnull=True,
            bridge__isnull=True,
        )  # fmt: skip


def _lock(of: type[Compartment | Controller | Bridge | Bank], pk: int) -> None:
    of._default_manager.select_for_update(no_key=True).values_list("pk").get(pk=pk)


def _only_bank(bridge_id: int) -> int | None:
    banks = list(Bank.objects.filter(bridge=bridge_id).values_list("pk", flat=True)[:2])
    return banks[0] if len(banks) == 1 else None
