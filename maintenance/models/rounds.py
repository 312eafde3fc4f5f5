"""Rounds: cleaning, inspections and checks that come back by a rule, door by door."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import User
from lockers.models import Bank, Compartment, Site
from maintenance.choices import OnClosedDay, RoundKind, StopResult
from maintenance.models.checklists import Checklist, ChecklistItem
from maintenance.models.service_levels import Team
from maintenance.models.tickets import Ticket
from occupancy.models import Claim


class RoundPlan(models.Model):
    """A rule by which rounds come about, in the site's own time."""

    site = models.ForeignKey(
        Site, models.CASCADE, related_name="round_plans", verbose_name=_("site")
    )
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=RoundKind.choices)
    banks = models.ManyToManyField(Bank, related_name="round_plans", verbose_name=_("banks"))
    checklist = models.ForeignKey(
        Checklist,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="round_plans",
        verbose_name=_("checklist"),
    )
    rule = models.CharField(
        _("repeats"),
        max_length=200,
        help_text=_("A rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO."),
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    starts_at = models.TimeField(_("begins at"), help_text=_("Local time."))
    minutes_per_door = models.PositiveSmallIntegerField(
        _("minutes for each door"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
    )
    closes_doors = models.BooleanField(
        _("closes free doors"),
        default=True,
        help_text=_("While it is at a bank, nobody gets a free door there. Held doors stay held."),
    )
    on_closed_day = models.CharField(
        _("on a closed day"), max_length=4, choices=OnClosedDay.choices, default=OnClosedDay.SKIP
    )
    days_ahead = models.PositiveSmallIntegerField(
        _("planned ahead (days)"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text=_("Doors to be closed are not given for longer than until then."),
    )
    team = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="round_plans",
        verbose_name=_("team"),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    # Up to which day its rounds were made; what a day off left out begins after it.
    planned_until = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("schedule of rounds")
        verbose_name_plural = _("schedules of rounds")
        ordering = ["site", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "name"], name="maintenance_one_round_plan_per_name"
            ),
            models.CheckConstraint(
                condition=models.Q(last_day__isnull=True)
                | models.Q(last_day__gte=models.F("first_day")),
                name="maintenance_round_plan_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a checklist or team of another organisation."""
        if not self.site_id:
            return  # the field itself says so
        for name in ("checklist", "team"):
            one = getattr(self, name)
            if one is not None and one.organisation_id != self.site.organisation_id:
                raise ValidationError({name: _("That belongs to another organisation.")})


class Round(models.Model):
    """One round on one day. ``day`` is the day of the rule, also where it moved to an open one."""

    plan = models.ForeignKey(
        RoundPlan,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="rounds",
        verbose_name=_("schedule"),
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="rounds", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=16, choices=RoundKind.choices)
    name = models.CharField(_("name"), max_length=80)
    day = models.DateField(_("day"))
    starts_at = models.DateTimeField(_("begins at"))
    due_at = models.DateTimeField(_("to be done by"))
    checklist = models.ForeignKey(
        Checklist,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rounds",
        verbose_name=_("checklist"),
    )
    team = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="rounds",
        verbose_name=_("team"),
    )
    assignee = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="rounds",
        verbose_name=_("assigned to"),
    )
    # While it is at a bank, the free doors there are closed.
    closes_doors = models.BooleanField(_("closes free doors"), default=False)
    begun_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    is_cancelled = models.BooleanField(_("called off"), default=False)
    report = models.JSONField(_("report"), default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "day"], name="maintenance_one_round_per_plan_and_day"
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__gt=models.F("starts_at")),
                name="maintenance_round_is_due_after_it_begins",
            ),
            models.CheckConstraint(
                condition=models.Q(is_cancelled=False) | models.Q(closed_at__isnull=False),
                name="maintenance_round_called_off_is_closed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "due_at"],
                condition=models.Q(closed_at__isnull=True),
                name="maintenance_round_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.day}"


class RoundStop(models.Model):
    """One door of a round, and what was found there."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="stops", verbose_name=_("round"))
    compartment = models.ForeignKey(
        Compartment, models.PROTECT, related_name="round_stops", verbose_name=_("compartment")
    )
    position = models.PositiveIntegerField(_("position"))
    planned_from = models.DateTimeField(_("from"))
    planned_until = models.DateTimeField(_("until"))
    # None where somebody has the door (a visit), or where the round closes none.
    closure = models.OneToOneField(
        Claim,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="round_stop",
        verbose_name=_("closure"),
    )
    is_visit = models.BooleanField(_("not closed: a visit"), default=False)
    # Why the door could not be closed, where nobody has it.
    hindrance = models.CharField(_("not closed because"), max_length=200, blank=True)
    result = models.CharField(
        _("result"),
        max_length=8,
        choices=StopResult.choices,
        default=StopResult.WAITING,
        blank=True,
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.BigIntegerField(_("done by"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    millivolts = models.PositiveIntegerField(_("battery (mV)"), null=True, blank=True)
    # Made up by the phone: the same entry sent twice is one.
    entry_id = models.UUIDField(_("entry"), null=True, blank=True, unique=True, editable=False)
    ticket = models.ForeignKey(
        Ticket,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="round_stops",
        verbose_name=_("ticket"),
    )

    class Meta:
        verbose_name = _("door of a round")
        verbose_name_plural = _("doors of a round")
        ordering = ["round", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "compartment"], name="maintenance_one_stop_per_door_of_a_round"
            ),
            models.CheckConstraint(
                condition=models.Q(result="", done_at__isnull=True)
                | ~models.Q(result="") & models.Q(done_at__isnull=False),
                name="maintenance_stop_is_done_with_a_result",
            ),
            models.CheckConstraint(
                condition=models.Q(planned_until__gt=models.F("planned_from")),
                name="maintenance_stop_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["compartment", "-done_at"], name="maintenance_stop_by_door"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.compartment_id}"


class StopCheck(models.Model):
    """One item of the checklist at one door: all right or not, with a photo where there is one."""

    stop = models.ForeignKey(
        RoundStop, models.CASCADE, related_name="checks", verbose_name=_("door")
    )
    item = models.ForeignKey(
        ChecklistItem, models.PROTECT, related_name="stop_checks", verbose_name=_("item")
    )
    is_passed = models.BooleanField(_("all right"))
    photo = models.CharField(_("photo"), max_length=60, blank=True, editable=False)

    class Meta:
        verbose_name = _("check of a door")
        verbose_name_plural = _("checks of a door")
        ordering = ["stop", "item"]
        constraints = [
            models.UniqueConstraint(
                fields=["stop", "item"], name="maintenance_one_check_per_item_of_a_stop"
            ),
        ]

    def __str__(self) -> str:
        return str(self.item)


class LateEntry(models.Model):
    """What a phone sent of a door that somebody else had done, or of a round that was over.

    It changed nothing; it is kept, so that nothing that somebody saw is lost.
    """

    entry_id = models.UUIDField(_("entry"), unique=True, editable=False)
    stop = models.ForeignKey(
        RoundStop, models.CASCADE, related_name="late_entries", verbose_name=_("door")
    )
    result = models.CharField(_("result"), max_length=8, choices=StopResult.choices)
    note = models.CharField(_("note"), max_length=400, blank=True)
    happened_at = models.DateTimeField(_("at"))
    received_at = models.DateTimeField(_("received at"))
    sent_by = models.BigIntegerField(_("by"), null=True, blank=True)

    class Meta:
        verbose_name = _("entry that came late")
        verbose_name_plural = _("entries that came late")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(happened_at__lte=models.F("received_at")),
                name="maintenance_late_entry_came_after_it_happened",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stop_id}: {self.get_result_display()}"
