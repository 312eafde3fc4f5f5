"""Organisations, sites, areas, banks and their compartments."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import AreaKind, Hinge, LockKind, PinRule, ServiceStatus, SiteKind

# The fewest digits an organisation may ask for, and the most that any pad takes.
SHORTEST_PIN, LONGEST_PIN = 6, 12


def validate_time_zone(value: str) -> None:
    """Refuse a name that the time zone database does not know."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("%(value)s is not a time zone."), params={"value": value})


class Organisation(models.Model):
    """A tenant: everything else belongs to exactly one."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    pin_length = models.PositiveSmallIntegerField(
        _("shortest PIN"),
        default=SHORTEST_PIN,
        db_default=SHORTEST_PIN,
        validators=[MinValueValidator(SHORTEST_PIN), MaxValueValidator(LONGEST_PIN)],
        help_text=_("Digits, 6 to 12. People may choose longer ones; PINs given before stay."),
    )

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pin_length__range=(SHORTEST_PIN, LONGEST_PIN)),
                name="lockers_shortest_pin_is_sensible",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place with one clock; staff are given rights per site."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="sites", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(
        _("kind"), max_length=12, choices=SiteKind.choices, default=SiteKind.OFFICE
    )
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="Europe/London", validators=[validate_time_zone]
    )
    external_id = models.CharField(
        _("external id"),
        max_length=255,
        blank=True,
        help_text=_(
            "What the register of the school calls this site (OneRoster: sourcedId of the org)."
            " The first import sets it; files of another school are refused."
        ),
    )

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="lockers_one_site_per_name"
            ),
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                condition=~models.Q(external_id=""),
                name="lockers_one_site_per_external_id",
            ),
        ]
        permissions = [
            ("operate_site", _("Can open, release and take out of service at this site")),
            ("manage_site", _("Can change the estate, people and policies of this site")),
            ("view_combination", _("Can look at the combinations of locks at this site")),
            ("override_site", _("Can open any door of this site without its holder")),
            ("staff_site", _("Can give roles to the staff of this site")),
            ("recover_site", _("Can empty overdue doors of this site into lost property")),
            ("maintain_site", _("Can repair, clean and inspect at this site")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The site's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)


class Area(models.Model):
    """A building, floor or zone; areas nest."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="areas", verbose_name=_("site"))
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="parts", verbose_name=_("in")
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(
        _("kind"), max_length=12, choices=AreaKind.choices, default=AreaKind.ZONE
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["site", "position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "parent", "name"],
                name="lockers_one_area_per_name",
                nulls_distinct=False,
            ),
        ]
        permissions = [
            ("operate_area", _("Can open, release and take out of service in this area")),
            ("override_area", _("Can open any door of this area without its holder")),
            ("recover_area", _("Can empty overdue doors of this area into lost property")),
            ("maintain_area", _("Can repair, clean and inspect in this area")),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a parent on another site and a loop of areas."""
        parent, seen = self.parent, {self.pk}
        while parent is not None:
            if parent.site_id != self.site_id:
                raise ValidationError({"parent": _("That area belongs to another site.")})
            if parent.pk in seen:
                raise ValidationError({"parent": _("An area cannot be inside itself.")})
            seen.add(parent.pk)
            parent = parent.parent


class Size(models.Model):
    """A size of compartment, and what fits in words a person understands."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="sizes", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=40)
    rank = models.PositiveSmallIntegerField(_("rank"), help_text=_("Smallest first."))
    fits = models.CharField(_("what fits"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("size")
        verbose_name_plural = _("sizes")
        ordering = ["organisation", "rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="lockers_one_size_per_name"
            ),
            models.UniqueConstraint(
                fields=["organisation", "rank"], name="lockers_one_size_per_rank"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Bank(models.Model):
    """A block of doors that stands together, drawn as it stands."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="banks", verbose_name=_("site"))
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="banks", verbose_name=_("area")
    )
    bridge = models.ForeignKey(
        "lockers.Bridge",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="banks",
        verbose_name=_("bridge"),
    )
    name = models.CharField(_("name"), max_length=60)
    directions = models.CharField(
        _("where it stands"),
        max_length=200,
        blank=True,
        help_text=_("As you would tell a visitor."),
    )
    nearby = models.CharField(
        _("close by"),
        max_length=200,
        blank=True,
        help_text=_("Desks, rooms and entrances: what people name when they want a door near it."),
    )
    is_near_entrance = models.BooleanField(_("near the entrance"), default=False, db_default=False)
    construction = models.CharField(
        _("construction"),
        max_length=120,
        blank=True,
        help_text=_("Such as “steel, tamper-resistant locks, for wet rooms”."),
    )
    works_alone = models.BooleanField(
        _("gives doors while it is cut off"),
        default=True,
        db_default=True,
        help_text=_(
            "While its bridge cannot reach the server, it gives people doors for the day by itself,"
            " and the server gives none there. Staff see what it gave when it is back."
        ),
    )
    pin_rule = models.CharField(
        _("asks for a PIN besides the badge"),
        max_length=8,
        choices=PinRule.choices,
        default=PinRule.NEVER,
        db_default=PinRule.NEVER,
    )
    curfew_from = models.TimeField(
        _("shut from"),
        null=True,
        blank=True,
        help_text=_("Local time. Between the two nobody opens a door here; staff still may."),
    )
    curfew_until = models.TimeField(_("shut until"), null=True, blank=True)
    plinth_mm = models.PositiveSmallIntegerField(
        _("plinth height (mm)"), default=100, help_text=_("Floor to the lowest door.")
    )
    opening_stagger_ms = models.PositiveIntegerField(
        _("pause between doors when all open (ms)"),
        default=300,
        db_default=300,
        validators=[MinValueValidator(100), MaxValueValidator(10_000)],
        help_text=_("So that its power supply moves one lock after the other."),
    )
    max_offline_h = models.PositiveSmallIntegerField(
        _("opens without the server for (hours)"),
        default=72,
        db_default=72,
        help_text=_("After so long without the server only staff open its doors; 1 to 720."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("bank")
        verbose_name_plural = _("banks")
        ordering = ["site", "position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="lockers_one_bank_per_name"),
            models.CheckConstraint(
                condition=models.Q(curfew_from__isnull=True, curfew_until__isnull=True)
                | models.Q(curfew_from__isnull=False, curfew_until__isnull=False)
                & ~models.Q(curfew_from=models.F("curfew_until")),
                name="lockers_curfew_has_two_different_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(max_offline_h__gte=1, max_offline_h__lte=720),
                name="lockers_bank_is_alone_for_an_hour_to_thirty_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def curfew(self) -> tuple[dt.time, dt.time] | None:
        """From when until when nobody opens a door here, in local time."""
        if self.curfew_from is None or self.curfew_until is None:
            return None
        return self.curfew_from, self.curfew_until

    def clean(self) -> None:
        """Refuse an area or bridge of another site, and half a curfew."""
        if (self.curfew_from is None) != (self.curfew_until is None):
            raise ValidationError(_("A curfew needs both hours, or none."))
        if self.curfew_from is not None and self.curfew_from == self.curfew_until:
            raise ValidationError({"curfew_until": _("A curfew ends at another hour.")})
        if self.area is not None and self.area.site_id != self.site_id:
            raise ValidationError({"area": _("That area belongs to another site.")})
        if self.bridge is not None and self.bridge.site_id != self.site_id:
            raise ValidationError({"bridge": _("That bridge belongs to another site.")})


class Compartment(models.Model):
    """One door with the space behind it: where it is, what it offers, how it locks."""

    bank = models.ForeignKey(
        Bank, models.PROTECT, related_name="compartments", verbose_name=_("bank")
    )
    number = models.CharField(_("number"), max_length=12)
    size = models.ForeignKey(
        Size, models.PROTECT, related_name="compartments", verbose_name=_("size")
    )
    column = models.PositiveSmallIntegerField(_("column"), help_text=_("From the left, from 1."))
    row = models.PositiveSmallIntegerField(_("row"), help_text=_("From the top, from 1."))
    # The drawing: millimetres from the bank's top left corner to the door's.
    x_mm = models.PositiveIntegerField(_("left edge (mm)"))
    y_mm = models.PositiveIntegerField(_("top edge (mm)"))
    width_mm = models.PositiveIntegerField(_("width (mm)"), validators=[MinValueValidator(50)])
    height_mm = models.PositiveIntegerField(_("height (mm)"), validators=[MinValueValidator(50)])
    floor_mm = models.PositiveIntegerField(
        _("height above floor (mm)"), help_text=_("Floor to the lower edge of the door.")
    )
    hinge = models.CharField(_("hinge"), max_length=5, choices=Hinge.choices, default=Hinge.LEFT)
    is_accessible = models.BooleanField(_("low, accessible"), default=False)
    is_wide = models.BooleanField(_("wide door"), default=False)
    has_charging = models.BooleanField(_("charging"), default=False)
    is_ventilated = models.BooleanField(_("ventilated"), default=False)
    is_ppe = models.BooleanField(_("for protective equipment"), default=False)
    lock_kind = models.CharField(
        _("lock"), max_length=12, choices=LockKind.choices, default=LockKind.ELECTRONIC
    )
    controller = models.ForeignKey(
        "lockers.Controller",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="compartments",
        verbose_name=_("controller"),
    )
    channel = models.PositiveSmallIntegerField(
        _("channel"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(255)],
        help_text=_("On the controller, from 0."),
    )
    has_sensor = models.BooleanField(_("door sensor"), default=True)
    has_occupancy_sensor = models.BooleanField(_("occupancy sensor"), default=False)
    has_status_light = models.BooleanField(_("status light"), default=False)
    service_status = models.CharField(
        _("service"),
        max_length=16,
        choices=ServiceStatus.choices,
        default=ServiceStatus.IN_SERVICE,
    )
    service_note = models.CharField(_("service note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("compartment")
        verbose_name_plural = _("compartments")
        ordering = ["bank", "column", "row"]
        constraints = [
            models.UniqueConstraint(
                fields=["bank", "number"], name="lockers_one_compartment_per_number"
            ),
            models.UniqueConstraint(
                fields=["bank", "column", "row"], name="lockers_one_compartment_per_place"
            ),
            models.UniqueConstraint(
                fields=["controller", "channel"], name="lockers_one_compartment_per_channel"
            ),
            models.CheckConstraint(
                condition=models.Q(controller__isnull=True) | models.Q(channel__isnull=False),
                name="lockers_wired_compartment_has_channel",
            ),
            models.CheckConstraint(
                condition=models.Q(lock_kind=LockKind.ELECTRONIC)
                | models.Q(controller__isnull=True),
                name="lockers_only_electronic_locks_are_wired",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def clean(self) -> None:
        """Refuse a size of another organisation and a controller of another bank's bridge."""
        if self.size_id and self.bank_id:
            if self.size.organisation_id != self.bank.site.organisation_id:
                raise ValidationError({"size": _("That size belongs to another organisation.")})
            if self.controller is not None and self.controller.bridge_id != self.bank.bridge_id:
                raise ValidationError(
                    {"controller": _("That controller hangs on another bank's bridge.")}
                )
