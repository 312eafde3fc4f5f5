"""What a bridge is told to drive, with the hash that it reports back."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import msgspec

from access.errors.passes import NoPassKey
from access.services import passes, profiles
from kiosk.bridge import protocol
from lockers.choices import AT_THE_BRIDGE, ReaderTransport
from lockers.models import Bank, Bridge, Compartment, Controller, Reader
from lockers.services import reader_keys


def of(bridge: Bridge) -> protocol.Config:
    """Return the configuration of a bridge: its boards, doors and wired readers.

    And what it needs to refuse a pass by itself: public keys, and the rules of its banks.
    """
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
                has_light=door.has_status_light,
                pulse_ms=door.controller.pulse_ms,
            )
            for door in Compartment.objects.filter(bank__bridge=bridge, controller__bridge=bridge)
            .select_related("controller")
            .order_by("pk")
            if door.controller is not None and door.channel is not None
        ],
        readers=[
            _reader(reader)
            for reader in Reader.objects.filter(bank__bridge=bridge, transport__in=AT_THE_BRIDGE)
            .select_related("profile")
            .order_by("pk")
        ],
        banks=_banks(bridge),
        organisation_id=bridge.site.organisation_id,
        pass_keys=_pass_keys(),
    )
    digest = hashlib.sha256(msgspec.json.encode(config)).hexdigest()
    return msgspec.structs.replace(config, config_hash=digest)


def alone(config: protocol.Config) -> frozenset[int]:
    """Return the banks whose doors the bridge gives while it is cut off."""
    return frozenset(bank.bank_id for bank in config.banks if bank.works_alone)


def _reader(reader: Reader) -> protocol.ReaderConfig:
    told = protocol.ReaderConfig(
        reader_id=reader.pk,
        bank_id=reader.bank_id,
        driver="ascii_reader",
        address=reader.address,
        compartment_id=reader.compartment_id,
        prefix=reader.prefix,
        suffix=reader.suffix,
        length=profiles.length_of(reader),
    )
    if reader.transport != ReaderTransport.OSDP:
        return told
    return msgspec.structs.replace(
        told,
        driver="osdp",
        prefix="",
        suffix="",
        unit=reader.unit,
        key=reader_keys.key_of(reader),
        options={
            "baudrate": reader.baudrate,
            "secure": "install" if reader.installs_key else "enforce",
            # Else 26 bits look like 32 with zeros at the end, which may be another's badge.
            "bits": profiles.settings_of(reader.profile).bits,
        },
    )


def _banks(bridge: Bridge) -> list[protocol.BankConfig]:
    undriven: defaultdict[int, list[int]] = defaultdict(list)
    doors = Compartment.objects.filter(bank__bridge=bridge)
    driven = doors.filter(controller__bridge=bridge, channel__isnull=False)
    for bank_id, door_id in (
        doors.exclude(pk__in=driven).order_by("pk").values_list("bank_id", "pk")
    ):
        undriven[bank_id].append(door_id)
    return [
        protocol.BankConfig(
            bank_id=bank.pk,
            pin_rule=bank.pin_rule,
            curfew=bank.curfew,
            time_zone=bank.site.time_zone,
            works_alone=bank.works_alone,
            undriven=undriven[bank.pk],
        )
        for bank in Bank.objects.filter(bridge=bridge).select_related("site").order_by("pk")
    ]


def _pass_keys() -> dict[str, str]:
    try:
        keys = passes.public_keys()
    except NoPassKey:
        return {}
    return {key_id.hex(): public.hex() for key_id, public in keys.items()}
