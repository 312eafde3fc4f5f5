"""Visitors: who comes to see whom, and whether they are here."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from access.choices import RequestSource
from access.models.credentials import Credential
from access.models.people import Person
from lockers.models import Site


class Visit(models.Model):
    """One visit of one person to another, expected or not."""

    visitor = models.ForeignKey(
        Person, models.CASCADE, related_name="visits", verbose_name=_("visitor")
    )
    host = models.ForeignKey(
        Person, models.PROTECT, related_name="visits_hosted", verbose_name=_("host")
    )
    site = models.ForeignKey(Site, models.CASCADE, related_name="visits", verbose_name=_("site"))
    company = models.CharField(_("company"), max_length=80, blank=True)
    expected_from = models.DateTimeField(_("from"))
    expected_until = models.DateTimeField(_("until"))
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    source = models.CharField(_("registered at"), max_length=10, choices=RequestSource.choices)
    registered_at = models.DateTimeField(_("registered on"))
    registered_by = models.BigIntegerField(_("registered by"), null=True, blank=True)
    # When the visitor agreed to being registered, at a screen; staff are told by word of mouth.
    agreed_at = models.DateTimeField(_("agreed on"), null=True, blank=True)
    # The code that is typed instead of a badge, of this visit alone.
    code = models.OneToOneField(
        Credential,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="visit",
        verbose_name=_("code"),
    )

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visitors")
        ordering = ["-expected_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_until__gt=F("expected_from")),
                name="access_visit_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("arrived_at")),
                name="access_visitor_leaves_after_arriving",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(arrived_at__isnull=False),
                name="access_visitor_arrives_before_leaving",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | Q(arrived_at__isnull=True),
                name="access_visit_is_cancelled_before_arrival",
            ),
            models.CheckConstraint(
                condition=~Q(host=F("visitor")), name="access_visitor_is_not_their_own_host"
            ),
            models.UniqueConstraint(
                fields=["visitor"],
                condition=Q(arrived_at__isnull=False, left_at__isnull=True),
                name="access_one_visit_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "expected_until"], name="access_visits_of_a_day"),
        ]

    def __str__(self) -> str:
        return str(self.visitor)


class VisitorRules(models.Model):
    """What visitors may do at a site by themselves; without rules, nothing."""

    site = models.OneToOneField(
        Site, models.CASCADE, related_name="visitor_rules", verbose_name=_("site")
    )
    visitors_may_register = models.BooleanField(
        _("visitors register at the screens"),
        default=False,
        help_text=_("They type their name and whom they visit, and get a locker without staff."),
    )
    day_ends_at = models.TimeField(
        _("visits end at"),
        default=dt.time(20, 0),
        help_text=_("Whoever registers at a screen may stay until then."),
    )

    class Meta:
        verbose_name = _("rules for visitors")
        verbose_name_plural = _("rules for visitors")
        ordering = ["site"]

    def __str__(self) -> str:
        return str(self.site)
