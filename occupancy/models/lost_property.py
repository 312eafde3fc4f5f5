"""The register of what was found: where it is, whose it is, and what became of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import SignedHow
from access.models import Person, User
from lockers.models import Compartment, Site
from occupancy.choices import ItemStatus
from occupancy.models.recovery import Recovery

KEPT_DAYS = [(28, _("28 days")), (90, _("90 days (valuable)"))]


class LostItem(models.Model):
    """One thing that was found, in a recovery or elsewhere at a site."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="lost_items", verbose_name=_("site")
    )
    recovery = models.ForeignKey(
        Recovery, models.PROTECT, null=True, blank=True, related_name="items",
        verbose_name=_("recovery"),
    )  # fmt: skip
    compartment = models.ForeignKey(
        Compartment, models.PROTECT, null=True, blank=True, related_name="lost_items",
        verbose_name=_("found in"),
    )  # fmt: skip
    what = models.CharField(_("what"), max_length=200)
    # The name of a file that only the server reads.
    photo = models.CharField(_("photo"), max_length=60, blank=True, editable=False)
    stored_where = models.CharField(_("stored where"), max_length=120)
    seal_number = models.CharField(_("seal number"), max_length=40, blank=True)
    witness = models.CharField(_("witness"), max_length=120, blank=True)
    found_at = models.DateTimeField(_("found at"))
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="lost_items",
        verbose_name=_("owner, if known"),
    )  # fmt: skip
    kept_days = models.PositiveSmallIntegerField(_("kept for"), choices=KEPT_DAYS, default=28)
    status = models.CharField(
        _("status"), max_length=8, choices=ItemStatus.choices, default=ItemStatus.STORED
    )
    # The rule says it may go; a person decides.
    proposed_at = models.DateTimeField(_("may be disposed of since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("gone at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("handed out or disposed of by"),
    )  # fmt: skip
    claimed_by = models.CharField(_("handed to"), max_length=120, blank=True)
    signature = models.TextField(_("signature"), blank=True)
    signed_how = models.CharField(_("signed"), max_length=8, choices=SignedHow.choices, blank=True)
    disposed_how = models.CharField(_("disposed of how"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("lost property")
        verbose_name_plural = _("lost property")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status=ItemStatus.STORED, ended_at__isnull=True, claimed_by="", disposed_how=""
                )
                | models.Q(
                    status=ItemStatus.CLAIMED, ended_at__isnull=False, disposed_how="",
                )
                & ~models.Q(claimed_by="")
                & ~models.Q(signature="")
                | models.Q(
                    status=ItemStatus.DISPOSED, ended_at__isnull=False, claimed_by="",
                    proposed_at__isnull=False,
                )
                & ~models.Q(disposed_how=""),
                name="occupancy_lost_item_is_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(kept_days__in=[28, 90]),
                name="occupancy_lost_item_is_kept_by_rule",
            ),
            models.CheckConstraint(
                condition=~models.Q(what="") & ~models.Q(stored_where=""),
                name="occupancy_lost_item_is_somewhere",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["found_at"],
                name="occupancy_lost_item_to_go",
                condition=models.Q(status=ItemStatus.STORED, proposed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.what
