"""Checklists: what is looked at before a ticket is closed, or a door of a round done."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.models import Organisation
from maintenance.choices import Category


class Checklist(models.Model):
    """A named list of things to check, shared by an organisation."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="checklists", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=80)
    # Which tickets ask for it before they are closed; rounds name theirs themselves.
    closes = models.CharField(
        _("closes tickets about"),
        max_length=16,
        choices=Category.choices,
        blank=True,
        help_text=_("Tickets of this category are closed with it. Empty for rounds."),
    )

    class Meta:
        verbose_name = _("checklist")
        verbose_name_plural = _("checklists")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="maintenance_one_checklist_per_name"
            ),
            models.UniqueConstraint(
                fields=["organisation", "closes"],
                condition=~models.Q(closes=""),
                name="maintenance_one_closing_checklist_per_category",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ChecklistItem(models.Model):
    """One thing to check: it is all right, or it is not."""

    checklist = models.ForeignKey(
        Checklist, models.CASCADE, related_name="items", verbose_name=_("checklist")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.CharField(_("what to check"), max_length=160)
    needs_photo = models.BooleanField(_("with a photo"), default=False)
    # What is opened for the door when it is not all right.
    fault = models.CharField(
        _("opens a ticket about"),
        max_length=16,
        choices=Category.choices,
        blank=True,
        help_text=_("When it is not all right. Empty for none."),
    )

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["checklist", "position", "pk"]

    def __str__(self) -> str:
        return self.text
