"""What a bridge is told to drive, with the hash that it reports back."""

from __future__ import annotations

import hashlib

import msgspec

from kiosk.bridge import protocol
from lockers.choices import ReaderTransport
from lockers.models import Bridge, Compartment, Controller, Reader


def of(bridge: Bridge) -> protocol.Config:
    """Return the configuration of a bridge: its boards, doors and wired readers."""
    config = protocol.Config(
        config_hash="",
        controllers=[
            protocol.ControllerConfig(
                controller_id=board.pk,
                driver=board.driver,
                address=board.address,
                unit=board.unit,
                channels=board.channels,
                profile=board.profile,
            )
            for board in Controller.objects.filter(bridge=bridge).order_by("pk")
        ],
        compartments=[
            protocol.CompartmentConfig(
                compartment_id=door.pk,
                number=door.number,
                bank_id=door.bank_id,
                controller_id=door.controller.pk,
                channel=door.channel,
                has_sensor=door.has_sensor,
                pulse_ms=door.controller.pulse_ms,
            )
            for door in Compartment.objects.filter(bank__bridge=bridge, controller__bridge=bridge)
            .select_related("controller")
            .order_by("pk")
            if door.controller is not None and door.channel is not None
        ],
        readers=[
            protocol.ReaderConfig(
                reader_id=reader.pk,
                bank_id=reader.bank_id,
                driver="ascii_reader",
                address=reader.address,
                compartment_id=reader.compartment_id,
                prefix=reader.prefix,
                suffix=reader.suffix,
                length=reader.length,
            )
            for reader in Reader.objects.filter(
                bank__bridge=bridge, transport=ReaderTransport.WIRED
            ).order_by("pk")
        ],
    )
    digest = hashlib.sha256(msgspec.json.encode(config)).hexdigest()
    return msgspec.structs.replace(config, config_hash=digest)
