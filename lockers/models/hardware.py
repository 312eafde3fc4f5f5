"""Boards, doors as they were last read, commands to open them, and what the locks reported."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lockers import boards
from lockers.choices import (
    FAULT_EVENTS,
    SENSED_EVENTS,
    BoardState,
    CommandStatus,
    DoorState,
    DriverName,
    OpeningStatus,
)
from lockers.drivers.errors import BadProfile, UnknownDriver
from lockers.models.devices import Bridge
from lockers.models.estate import Bank, Compartment


class Controller(models.Model):
    """A lock board: which driver speaks to it, and where."""

    bridge = models.ForeignKey(
        Bridge, models.CASCADE, related_name="controllers", verbose_name=_("bridge")
    )
    name = models.CharField(_("name"), max_length=60)
    driver = models.CharField(_("driver"), max_length=24, choices=DriverName.choices)
    address = models.CharField(
        _("address"), max_length=200, help_text=_("tcp://host:port or a serial device.")
    )
    unit = models.PositiveSmallIntegerField(_("unit"), default=1)
    channels = models.PositiveSmallIntegerField(_("channels"), default=8)
    profile = models.JSONField(_("profile"), default=dict, blank=True)
    pulse_ms = models.PositiveSmallIntegerField(
        _("pulse (ms)"),
        default=500,
        validators=[MinValueValidator(10), MaxValueValidator(10_000)],
    )
    state = models.CharField(
        _("state"), max_length=8, choices=BoardState.choices, default=BoardState.OFFLINE
    )
    state_detail = models.CharField(_("detail"), max_length=200, blank=True)
    state_at = models.DateTimeField(_("since"), null=True, blank=True)

    class Meta:
        verbose_name = _("controller")
        verbose_name_plural = _("controllers")
        ordering = ["bridge", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["bridge", "name"], name="lockers_one_controller_per_name"
            ),
            models.UniqueConstraint(
                fields=["bridge", "address", "unit"], name="lockers_one_controller_per_unit"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what the bridge would refuse, by asking the same driver, and other pulses.

        Where no pulse was chosen it is the board's own.
        """
        if not isinstance(self.profile, dict):
            raise ValidationError({"profile": _("Write the settings as {…}.")})
        place: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("driver", "address", "unit", "channels", "profile")
        }
        if any(value in (None, "") for value in place.values()):
            return  # the field itself says so
        try:
            can = boards.capabilities(**place)
        except (BadProfile, UnknownDriver) as error:
            field = error.field if error.field in place else "profile"
            raise ValidationError({field: str(error)}) from error
        if self.pulse_ms is None:
            self.pulse_ms = can.usual_pulse_ms
        if boards.possible_pulse(can, self.pulse_ms) != self.pulse_ms:
            sentence = _("This board makes pulses of %(least)d to %(most)d ms.")
            limits = {"least": can.shortest_pulse_ms, "most": can.longest_pulse_ms}
            raise ValidationError({"pulse_ms": sentence % limits})


class Door(models.Model):
    """What a door's sensor last said. Its own narrow table: it changes with every use."""

    compartment = models.OneToOneField(
        Compartment,
        models.CASCADE,
        primary_key=True,
        related_name="door",
        verbose_name=_("compartment"),
    )
    state = models.CharField(
        _("state"), max_length=8, choices=DoorState.choices, default=DoorState.UNKNOWN
    )
    changed_at = models.DateTimeField(_("since"))
    # An opening that nobody asked for; stays until the door is closed or staff opened it.
    is_forced = models.BooleanField(_("forced open"), default=False)
    # How many commands in a row did not open it; none once it was seen open.
    failed_opens = models.PositiveSmallIntegerField(_("did not open"), default=0, db_default=0)
    # The last line of its bridge's journal that the state knows of: older ones may come later.
    journal = models.UUIDField(null=True, editable=False)
    seq = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        verbose_name = _("door")
        verbose_name_plural = _("doors")

    def __str__(self) -> str:
        return f"{self.compartment_id}: {self.state}"


class BankOpening(models.Model):
    """Opening every door of a bank, for an evacuation or power work: two people, staggered."""

    bank = models.ForeignKey(Bank, models.CASCADE, related_name="openings", verbose_name=_("bank"))
    reason = models.CharField(_("reason"), max_length=200)
    status = models.CharField(
        _("status"), max_length=10, choices=OpeningStatus.choices, default=OpeningStatus.REQUESTED
    )
    stagger_ms = models.PositiveIntegerField(_("pause between doors (ms)"), default=300)
    # Log-ins by number: this app knows no users.
    requested_by = models.BigIntegerField(_("requested by"))
    requested_at = models.DateTimeField(_("requested at"))
    confirmed_by = models.BigIntegerField(_("confirmed by"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("opening of a whole bank")
        verbose_name_plural = _("openings of whole banks")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("requested_by")),
                name="lockers_bank_opening_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=OpeningStatus.CONFIRMED)
                | models.Q(confirmed_by__isnull=False),
                name="lockers_bank_opening_is_confirmed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["bank"],
                condition=models.Q(status=OpeningStatus.REQUESTED),
                name="lockers_one_requested_opening_per_bank",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.requested_at:%Y-%m-%d %H:%M}"


class Command(models.Model):
    """One request to open one door: an id, a deadline, and how far it got."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    compartment = models.ForeignKey(
        Compartment,
        models.PROTECT,
        db_index=False,  # lockers_command_by_door serves
        related_name="commands",
        verbose_name=_("compartment"),
    )
    bridge = models.ForeignKey(
        Bridge,
        models.PROTECT,
        db_index=False,  # lockers_command_to_send serves
        related_name="commands",
        verbose_name=_("bridge"),
    )
    opening = models.ForeignKey(
        BankOpening,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="commands",
        verbose_name=_("bank opening"),
    )
    purpose = models.CharField(_("purpose"), max_length=20)
    actor_kind = models.CharField(_("actor"), max_length=12)
    actor_id = models.CharField(_("actor id"), max_length=40, blank=True)
    claim_id = models.BigIntegerField(_("claim"), null=True, blank=True)
    # The read at a wired reader that it answers.
    scan_id = models.UUIDField(_("scan"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=CommandStatus.choices, default=CommandStatus.QUEUED
    )
    detail = models.CharField(_("detail"), max_length=120, blank=True)
    requested_at = models.DateTimeField(_("requested at"))
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    deadline = models.DateTimeField(_("deadline"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    actuated_at = models.DateTimeField(_("pulse given at"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        ordering = ["-requested_at"]
        indexes = [
            models.Index(
                fields=["bridge", "requested_at"],
                name="lockers_command_to_send",
                condition=models.Q(status=CommandStatus.QUEUED),
            ),
            models.Index(fields=["compartment", "-requested_at"], name="lockers_command_by_door"),
            BrinIndex(fields=["requested_at"], name="lockers_command_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deadline__gt=models.F("requested_at")),
                name="lockers_command_deadline_is_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.compartment_id}: {self.status}"


class LockEvent(models.Model):
    """One line of a bridge's journal, stored once, in its own order."""

    bridge = models.ForeignKey(
        Bridge, models.PROTECT, related_name="events", verbose_name=_("bridge")
    )
    journal = models.UUIDField(_("journal"))
    seq = models.BigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=24)
    compartment = models.ForeignKey(
        Compartment,
        models.SET_NULL,
        null=True,
        db_index=False,  # lockers_event_by_door serves
        related_name="events",
        verbose_name=_("compartment"),
    )
    command_id = models.UUIDField(_("command"), null=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    clock_ok = models.BooleanField(_("clock was right"), default=True)

    class Meta:
        verbose_name = _("lock event")
        verbose_name_plural = _("lock events")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["bridge", "journal", "seq"], name="lockers_one_event_per_number"
            ),
        ]
        indexes = [
            models.Index(fields=["compartment", "-occurred_at"], name="lockers_event_by_door"),
            # Few of many: what somebody may have to see to, and the app on the right judges.
            models.Index(
                fields=["id"],
                name="lockers_event_of_fault",
                condition=models.Q(kind__in=FAULT_EVENTS),
            ),
            models.Index(
                fields=["compartment", "-occurred_at"],
                name="lockers_event_by_hand",
                condition=models.Q(kind__in=SENSED_EVENTS, command_id__isnull=True),
            ),
            models.Index(
                fields=["received_at"],
                name="lockers_event_of_battery",
                condition=models.Q(kind="battery_level"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"
