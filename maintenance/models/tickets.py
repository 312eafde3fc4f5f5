"""Tickets: one fault of one thing, from the first report until it is put right."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import User
from audit.models import ActorKind
from lockers.choices import ServiceStatus
from lockers.models import Bank, Bridge, Compartment, Controller, LockEvent, Site
from maintenance.choices import (
    OPEN_STATUSES,
    Category,
    EntryKind,
    PhotoMoment,
    Priority,
    Source,
    TicketStatus,
)
from maintenance.models.checklists import ChecklistItem
from maintenance.models.service_levels import Team


class Ticket(models.Model):
    """One fault of one door, board, bridge or bank. Seen again, it is the same ticket."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="tickets", verbose_name=_("site"))
    # Where to go. None for a bridge that drives several banks.
    bank = models.ForeignKey(
        Bank,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("bank"),
    )
    compartment = models.ForeignKey(
        Compartment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("compartment"),
    )
    controller = models.ForeignKey(
        Controller,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("controller"),
    )
    bridge = models.ForeignKey(
        Bridge,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("bridge"),
    )
    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices)
    status = models.CharField(
        _("status"), max_length=12, choices=TicketStatus.choices, default=TicketStatus.OPEN
    )
    summary = models.CharField(_("what is wrong"), max_length=200)
    source = models.CharField(_("first reported by"), max_length=8, choices=Source.choices)
    occurrences = models.PositiveIntegerField(_("times seen"), default=1)
    opened_at = models.DateTimeField(_("opened at"))
    last_seen_at = models.DateTimeField(_("last seen at"))
    due_at = models.DateTimeField(_("due"))
    escalates_at = models.DateTimeField(_("escalates at"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("escalated at"), null=True, blank=True)
    escalates_to = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="escalated_tickets",
        verbose_name=_("escalates to"),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    reopened = models.PositiveSmallIntegerField(_("times opened again"), default=0)
    assignee = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("assigned to"),
    )
    team = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("team"),
    )
    resolution = models.CharField(_("what was done"), max_length=400, blank=True)
    # What the door was before this ticket took it out of service; empty when it did not.
    door_was = models.CharField(
        _("the door was"), max_length=16, choices=ServiceStatus.choices, blank=True, editable=False
    )
    # Its number in another system for tickets.
    reference = models.CharField(_("number elsewhere"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "bank", "compartment", "controller", "bridge", "category"],
                condition=models.Q(closed_at__isnull=True),
                name="maintenance_one_open_ticket_per_thing_and_fault",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=OPEN_STATUSES, closed_at__isnull=True)
                | models.Q(
                    status__in=[TicketStatus.DONE, TicketStatus.CANCELLED],
                    closed_at__isnull=False,
                ),
                name="maintenance_ticket_is_closed_when_it_is_over",
            ),
            models.CheckConstraint(
                condition=models.Q(compartment__isnull=True, controller__isnull=True)
                | models.Q(compartment__isnull=True, bridge__isnull=True)
                | models.Q(controller__isnull=True, bridge__isnull=True),
                name="maintenance_ticket_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(bank__isnull=False)
                | models.Q(controller__isnull=False)
                | models.Q(bridge__isnull=False),
                name="maintenance_ticket_is_about_something",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__gte=models.F("opened_at")),
                name="maintenance_ticket_is_due_after_it_was_opened",
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "due_at"],
                condition=models.Q(closed_at__isnull=True),
                name="maintenance_ticket_open",
            ),
            models.Index(fields=["compartment", "-opened_at"], name="maintenance_ticket_by_door"),
            models.Index(
                fields=["escalates_at"],
                condition=models.Q(closed_at__isnull=True, escalated_at__isnull=True),
                name="maintenance_ticket_escalates",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.summary}"


class Photo(models.Model):
    """A picture of what is wrong or was put right; the file is read by its secret name alone."""

    ticket = models.ForeignKey(
        Ticket, models.CASCADE, related_name="photos", verbose_name=_("ticket")
    )
    name = models.CharField(_("file"), max_length=60, unique=True, editable=False)
    moment = models.CharField(
        _("moment"), max_length=6, choices=PhotoMoment.choices, default=PhotoMoment.REPORT
    )
    taken_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.get_moment_display()}"


class TicketEntry(models.Model):
    """One line in the story of a ticket. Lines are added, never changed."""

    ticket = models.ForeignKey(
        Ticket, models.CASCADE, related_name="entries", verbose_name=_("ticket")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=EntryKind.choices)
    at = models.DateTimeField(_("at"))
    actor_kind = models.CharField(_("by"), max_length=12, choices=ActorKind.choices)
    actor_id = models.CharField(_("number"), max_length=40, blank=True)
    text = models.CharField(_("text"), max_length=1000, blank=True)
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=EntryKind.LABOUR, minutes__gte=1)
                | ~models.Q(kind=EntryKind.LABOUR) & models.Q(minutes__isnull=True),
                name="maintenance_only_work_takes_minutes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}"[:80]


class TicketCheck(models.Model):
    """One ticked item of the checklist that a ticket is closed with."""

    ticket = models.ForeignKey(
        Ticket, models.CASCADE, related_name="checks", verbose_name=_("ticket")
    )
    item = models.ForeignKey(
        ChecklistItem, models.PROTECT, related_name="ticket_checks", verbose_name=_("item")
    )
    checked_at = models.DateTimeField(_("checked at"))
    checked_by = models.BigIntegerField(_("checked by"), null=True, blank=True)

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["item"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "item"], name="maintenance_one_check_per_item_of_a_ticket"
            ),
        ]

    def __str__(self) -> str:
        return str(self.item)


class Finding(models.Model):
    """A lock event that triage has judged; without a ticket it is no fault by itself.

    One row for each event: that is what makes a signal that comes twice, and the sweep after it,
    harmless.
    """

    event = models.OneToOneField(
        LockEvent,
        models.CASCADE,
        primary_key=True,
        related_name="finding",
        verbose_name=_("lock event"),
    )
    ticket = models.ForeignKey(
        Ticket,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="findings",
        verbose_name=_("ticket"),
    )
    judged_at = models.DateTimeField(_("judged at"))

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")

    def __str__(self) -> str:
        return f"{self.event_id}: {self.ticket_id or '-'}"
