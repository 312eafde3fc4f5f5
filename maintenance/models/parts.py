"""Parts on shelves, and the batteries of locks."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import ActorKind
from lockers.models import Compartment, LockEvent, Organisation, Site
from maintenance.choices import ForecastBy, MoveKind
from maintenance.models.assets import AssetModel
from maintenance.models.tickets import Ticket


class Part(models.Model):
    """Something that is kept to repair with, by the number it is ordered under."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="parts", verbose_name=_("organisation")
    )
    number = models.CharField(_("part number"), max_length=60)
    name = models.CharField(_("name"), max_length=120)
    supplier = models.CharField(_("supplier"), max_length=120, blank=True)
    unit_cost = models.DecimalField(
        _("cost of one"), max_digits=10, decimal_places=2, default=0,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    fits = models.ManyToManyField(
        AssetModel,
        blank=True,
        related_name="parts",
        verbose_name=_("fits"),
        help_text=_("Empty: it fits all."),
    )

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "number"], name="maintenance_one_part_per_number"
            ),
            models.CheckConstraint(
                condition=models.Q(unit_cost__gte=0), name="maintenance_part_costs_nothing_or_more"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Store(models.Model):
    """A room or van where parts are kept."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="stores", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=80)
    # When a letter last said that something is running out: one a day is enough.
    told_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["site", "name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="maintenance_one_store_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Stock(models.Model):
    """How many of a part are in a store, and how few are too few."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="stocks", verbose_name=_("store"))
    part = models.ForeignKey(Part, models.PROTECT, related_name="stocks", verbose_name=_("part"))
    quantity = models.IntegerField(_("in stock"), default=0)
    minimum = models.PositiveIntegerField(_("order below"), default=0)
    # More is on its way since then; what comes in takes it back.
    ordered_on = models.DateField(_("ordered on"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stocks")
        ordering = ["store", "part"]
        constraints = [
            models.UniqueConstraint(
                fields=["store", "part"], name="maintenance_one_stock_per_part_and_store"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="maintenance_stock_is_never_below_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part}: {self.quantity}"

    def clean(self) -> None:
        """Refuse a part of another organisation."""
        if not self.store_id or not self.part_id:
            return  # the field itself says so
        if self.part.organisation_id != self.store.site.organisation_id:
            raise ValidationError({"part": _("That part belongs to another organisation.")})


class StockMove(models.Model):
    """Parts in or out of a store. Moves are added, never changed."""

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="moves", verbose_name=_("stock"))
    kind = models.CharField(_("kind"), max_length=8, choices=MoveKind.choices)
    change = models.IntegerField(_("change"))
    quantity_after = models.IntegerField(_("then in stock"))
    # What one cost when it was moved.
    unit_cost = models.DecimalField(_("cost of one"), max_digits=10, decimal_places=2)
    ticket = models.ForeignKey(
        Ticket,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stock_moves",
        verbose_name=_("ticket"),
    )
    at = models.DateTimeField(_("at"))
    actor_kind = models.CharField(_("by"), max_length=12, choices=ActorKind.choices)
    actor_id = models.CharField(_("number"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity_after__gte=0),
                name="maintenance_move_leaves_nothing_or_more",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=MoveKind.ISSUED, change__lt=0)
                | models.Q(kind__in=[MoveKind.RECEIVED, MoveKind.RETURNED], change__gt=0)
                | models.Q(kind=MoveKind.COUNTED),
                name="maintenance_move_goes_the_right_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.change:+d}"


class Battery(models.Model):
    """The battery of one lock: since when, and what it has done since."""

    compartment = models.OneToOneField(
        Compartment,
        models.CASCADE,
        primary_key=True,
        related_name="battery",
        verbose_name=_("compartment"),
    )
    model = models.ForeignKey(
        AssetModel,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="batteries",
        verbose_name=_("model of the lock"),
    )
    replaced_on = models.DateField(_("replaced on"))
    # The moment, where it is known: what was read before it on that day was the old battery.
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The earliest that the voltage, the openings or the days since say, and what that rests on.
    fails_on = models.DateField(_("expected to fail on"), null=True, blank=True, editable=False)
    forecast_by = models.CharField(
        _("forecast by"), max_length=12, choices=ForecastBy.choices, blank=True, editable=False
    )
    forecast_facts = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("battery")
        verbose_name_plural = _("batteries")
        ordering = [models.F("fails_on").asc(nulls_last=True), "compartment"]
        indexes = [models.Index(fields=["fails_on"], name="maintenance_battery_fails")]

    def __str__(self) -> str:
        return str(self.compartment)


class BatteryReading(models.Model):
    """One voltage of a battery, told by its board or measured on a round."""

    compartment = models.ForeignKey(
        Compartment,
        models.CASCADE,
        related_name="battery_readings",
        verbose_name=_("compartment"),
    )
    millivolts = models.PositiveIntegerField(_("voltage (mV)"))
    at = models.DateTimeField(_("at"))
    event = models.OneToOneField(
        LockEvent,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="battery_reading",
        verbose_name=_("lock event"),
    )

    class Meta:
        verbose_name = _("battery reading")
        verbose_name_plural = _("battery readings")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["compartment", "-at"], name="maintenance_reading_by_door"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(millivolts__range=(100, 60_000)),
                name="maintenance_battery_voltage_is_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.millivolts} mV"
