"""Assets: every bank, controller, lock and terminal from the order to the certificate."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import ActorKind
from lockers.choices import LockKind
from lockers.models import Bank, Compartment, Controller, Organisation, Site
from maintenance.choices import AssetEventKind, AssetKind, AssetState, DecommissionStep


class AssetModel(models.Model):
    """A make of bank, controller, lock or terminal: what it costs and how long it lasts."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="asset_models", verbose_name=_("organisation")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=AssetKind.choices)
    maker = models.CharField(_("maker"), max_length=80, blank=True)
    name = models.CharField(_("name"), max_length=80)
    lock_kind = models.CharField(
        _("lock"), max_length=12, choices=LockKind.choices, blank=True, help_text=_("For locks.")
    )
    life_years = models.PositiveSmallIntegerField(
        _("lasts (years)"), default=10, validators=[MinValueValidator(1)]
    )
    life_cycles = models.PositiveIntegerField(
        _("lasts (openings)"), null=True, blank=True, help_text=_("As the maker says.")
    )
    replacement_cost = models.DecimalField(
        _("cost of a new one"), max_digits=10, decimal_places=2, default=0
    )
    # Of locks with batteries; empty for what is powered by its board.
    battery_type = models.CharField(_("battery"), max_length=40, blank=True)
    battery_low_mv = models.PositiveIntegerField(
        _("low below (mV)"), null=True, blank=True, help_text=_("The whole pack, under load.")
    )
    battery_days = models.PositiveIntegerField(
        _("battery lasts (days)"), null=True, blank=True, help_text=_("Where no voltage is told.")
    )
    battery_cycles = models.PositiveIntegerField(
        _("battery lasts (openings)"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ["kind", "maker", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "maker", "name"],
                name="maintenance_one_model_per_name",
            ),
            models.CheckConstraint(
                condition=models.Q(life_years__gte=1), name="maintenance_model_lasts_a_year"
            ),
            models.CheckConstraint(
                condition=models.Q(replacement_cost__gte=0),
                name="maintenance_model_costs_nothing_or_more",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.maker} {self.name}".strip()


class Asset(models.Model):
    """One thing that was bought: where it is in its life, and where it hangs now."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="assets", verbose_name=_("organisation")
    )
    site = models.ForeignKey(
        Site,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("site"),
        help_text=_("Where it is, or will be."),
    )
    model = models.ForeignKey(
        AssetModel, models.PROTECT, related_name="assets", verbose_name=_("model")
    )
    serial = models.CharField(_("serial number"), max_length=80, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=AssetState.choices, default=AssetState.PLANNED
    )
    # What it is in the estate while it is installed, and was last when it was removed. A lock and
    # a terminal have their bank, too; a controller has none, it may serve several.
    bank = models.ForeignKey(
        Bank,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("bank"),
    )
    controller = models.ForeignKey(
        Controller,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("controller"),
    )
    compartment = models.ForeignKey(
        Compartment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("compartment"),
    )
    # By number: terminals belong to an app on the right.
    terminal_id = models.BigIntegerField(_("terminal"), null=True, blank=True)
    supplier = models.CharField(_("supplier"), max_length=120, blank=True)
    order_number = models.CharField(_("order"), max_length=60, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=2, null=True, blank=True)
    planned_for = models.DateField(_("planned for"), null=True, blank=True)
    ordered_on = models.DateField(_("ordered on"), null=True, blank=True)
    delivered_on = models.DateField(_("delivered on"), null=True, blank=True)
    installed_on = models.DateField(_("installed on"), null=True, blank=True)
    installed_by = models.CharField(_("installed by"), max_length=120, blank=True)
    configuration_hash = models.CharField(_("configuration"), max_length=64, blank=True)
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)
    warranty_warned_on = models.DateField(null=True, blank=True, editable=False)
    removed_on = models.DateField(_("removed on"), null=True, blank=True)
    disposed_on = models.DateField(_("disposed of on"), null=True, blank=True)
    certificate = models.CharField(_("certificate of disposal"), max_length=120, blank=True)
    # Openings before Lockwright counted them.
    cycles_before = models.PositiveIntegerField(_("openings before"), default=0)
    replaces = models.OneToOneField(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
    )

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "model", "serial"],
                condition=~models.Q(serial=""),
                name="maintenance_one_asset_per_serial",
            ),
            models.UniqueConstraint(
                fields=["bank"],
                condition=models.Q(
                    state=AssetState.INSTALLED,
                    compartment__isnull=True,
                    controller__isnull=True,
                    terminal_id__isnull=True,
                ),
                name="maintenance_one_asset_is_the_bank",
            ),
            models.UniqueConstraint(
                fields=["controller"],
                condition=models.Q(state=AssetState.INSTALLED),
                name="maintenance_one_asset_is_the_controller",
            ),
            models.UniqueConstraint(
                fields=["compartment"],
                condition=models.Q(state=AssetState.INSTALLED),
                name="maintenance_one_asset_is_the_lock",
            ),
            models.UniqueConstraint(
                fields=["terminal_id"],
                condition=models.Q(state=AssetState.INSTALLED),
                name="maintenance_one_asset_is_the_terminal",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=AssetState.INSTALLED)
                | models.Q(installed_on__isnull=False, site__isnull=False),
                name="maintenance_installed_asset_has_a_place_and_a_day",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=AssetState.DISPOSED)
                | models.Q(disposed_on__isnull=False),
                name="maintenance_disposed_asset_has_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(cost__isnull=True) | models.Q(cost__gte=0),
                name="maintenance_asset_costs_nothing_or_more",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.serial}".strip()

    def clean(self) -> None:
        """Refuse a model or a site of another organisation."""
        for name in ("model", "site"):
            one = getattr(self, name, None) if getattr(self, f"{name}_id") else None
            if one is not None and one.organisation_id != self.organisation_id:
                raise ValidationError({name: _("That belongs to another organisation.")})


class AssetEvent(models.Model):
    """One line in the life of an asset. Lines are added, never changed."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="events", verbose_name=_("asset"))
    kind = models.CharField(_("kind"), max_length=12, choices=AssetEventKind.choices)
    on = models.DateField(_("on"))
    at = models.DateTimeField(_("recorded at"))
    # Where it was then: a door's history finds it here.
    compartment = models.ForeignKey(
        Compartment, models.PROTECT, null=True, blank=True, related_name="asset_events",
        db_index=False,  # maintenance_asset_by_door serves
        verbose_name=_("compartment"),
    )  # fmt: skip
    actor_kind = models.CharField(_("by"), max_length=12, choices=ActorKind.choices)
    actor_id = models.CharField(_("number"), max_length=40, blank=True)
    text = models.CharField(_("text"), max_length=400, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event of an asset")
        verbose_name_plural = _("events of an asset")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["compartment", "-at"], name="maintenance_asset_by_door"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"


class UpgradePlan(models.Model):
    """From one model of lock to another, such as from keyed to electronic, door by door."""

    site = models.ForeignKey(
        Site, models.CASCADE, related_name="upgrade_plans", verbose_name=_("site")
    )
    name = models.CharField(_("name"), max_length=80)
    to_model = models.ForeignKey(
        AssetModel, models.PROTECT, related_name="upgrade_plans", verbose_name=_("to")
    )
    begins_on = models.DateField(_("begins on"), null=True, blank=True)
    done_by = models.DateField(_("to be done by"), null=True, blank=True)
    budget = models.DecimalField(
        _("budget"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    note = models.TextField(_("note"), max_length=2000, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("upgrade plan")
        verbose_name_plural = _("upgrade plans")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a model of another organisation, and what is no lock."""
        if not self.site_id or not self.to_model_id:
            return  # the field itself says so
        if self.to_model.organisation_id != self.site.organisation_id:
            raise ValidationError({"to_model": _("That belongs to another organisation.")})
        if self.to_model.kind != AssetKind.LOCK:
            raise ValidationError({"to_model": _("Choose a lock.")})


class UpgradeDoor(models.Model):
    """One door of an upgrade: what it has now, what it gets, and when that was done."""

    plan = models.ForeignKey(
        UpgradePlan, models.CASCADE, related_name="doors", verbose_name=_("plan")
    )
    compartment = models.ForeignKey(
        Compartment, models.PROTECT, related_name="upgrades", verbose_name=_("compartment")
    )
    lock_was = models.CharField(_("had"), max_length=12, choices=LockKind.choices)
    asset = models.OneToOneField(
        Asset,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="upgrade",
        verbose_name=_("new lock"),
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("door of an upgrade")
        verbose_name_plural = _("doors of an upgrade")
        ordering = ["plan", "compartment"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "compartment"], name="maintenance_one_upgrade_per_door_of_a_plan"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.compartment_id}"


class Decommissioning(models.Model):
    """Taking a bank away for good, step by step."""

    bank = models.ForeignKey(
        Bank, models.PROTECT, related_name="decommissionings", verbose_name=_("bank")
    )
    reason = models.CharField(_("reason"), max_length=200)
    # What its doors were before, by number: they are that again when it is called off.
    doors_were = models.JSONField(default=dict, editable=False)
    begun_at = models.DateTimeField(_("begun at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    called_off_at = models.DateTimeField(_("called off at"), null=True, blank=True)
    certificate = models.CharField(_("certificate"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("decommissioning")
        verbose_name_plural = _("decommissionings")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["bank"],
                condition=models.Q(called_off_at__isnull=True),
                name="maintenance_bank_is_decommissioned_once",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True) | models.Q(called_off_at__isnull=True),
                name="maintenance_decommissioning_ends_one_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.begun_at:%Y-%m-%d}"


class StepDone(models.Model):
    """A step of a decommissioning that somebody did."""

    decommissioning = models.ForeignKey(
        Decommissioning,
        models.CASCADE,
        related_name="steps",
        verbose_name=_("decommissioning"),
    )
    step = models.CharField(_("step"), max_length=12, choices=DecommissionStep.choices)
    at = models.DateTimeField(_("at"))
    actor_kind = models.CharField(_("by"), max_length=12, choices=ActorKind.choices)
    actor_id = models.CharField(_("number"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("step done")
        verbose_name_plural = _("steps done")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["decommissioning", "step"],
                name="maintenance_step_of_a_decommissioning_is_done_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_step_display())
