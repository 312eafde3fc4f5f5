"""How an organisation, or one site of it, tells people: when not, and by what besides e-mail."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lockers.models import Organisation, Site


def quiet_is_whole() -> Q:
    """Return the condition: both ends of the quiet hours, or neither, and not the same."""
    return Q(quiet_from__isnull=True, quiet_until__isnull=True) | Q(
        quiet_from__isnull=False, quiet_until__isnull=False
    ) & ~Q(quiet_from=models.F("quiet_until"))


class NoticeRules(models.Model):
    """Quiet hours and a channel. What a site says goes before what its organisation says."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="notice_rules", verbose_name=_("organisation")
    )
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="notice_rules",
        verbose_name=_("only at site"),
    )  # fmt: skip
    quiet_from = models.TimeField(
        _("quiet from"), null=True, blank=True, help_text=_("Local time of the site.")
    )
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    # An address of apprise: it holds a secret, and is sealed as combinations of locks are.
    sealed_channel = models.TextField(_("other channel"), blank=True, editable=False)

    class Meta:
        verbose_name = _("rules for letters")
        verbose_name_plural = _("rules for letters")
        ordering = ["organisation", "site"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site"],
                nulls_distinct=False,
                name="access_notice_rules_are_said_once",
            ),
            models.CheckConstraint(
                condition=quiet_is_whole(), name="access_quiet_hours_begin_and_end"
            ),
        ]

    def __str__(self) -> str:
        return str(self.site or self.organisation)

    @property
    def seal_place(self) -> str:
        """Where its sealed address belongs: another row's does not open here."""
        return f"notice-channel:{self.organisation_id}:{self.site_id or 0}"

    def clean(self) -> None:
        """Refuse a site of another organisation."""
        if self.site is not None and self.site.organisation_id != self.organisation_id:
            raise ValidationError({"site": _("That site belongs to another organisation.")})
