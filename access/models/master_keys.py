"""Keys that open many doors: what they open, how two people hand them out, how they are counted."""

from __future__ import annotations

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import CountResult, ReleaseStatus
from access.models.people import Person
from access.models.users import User
from lockers.models import Bank, Site


class KeyRules(models.Model):
    """How one site goes about its keys; a site without a row has the defaults."""

    site = models.OneToOneField(
        Site, models.CASCADE, related_name="key_rules", verbose_name=_("site")
    )
    count_every_days = models.PositiveSmallIntegerField(
        _("count the keys every (days)"), default=90, validators=[MinValueValidator(1)]
    )
    master_out_hours = models.PositiveSmallIntegerField(
        _("master keys come back after (hours)"), default=12, validators=[MinValueValidator(1)]
    )
    charge_minor = models.PositiveIntegerField(
        _("charge for a lost key (pence, cents)"),
        default=1500,
        help_text=_("In the smallest unit of the currency. 0 charges nothing."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="GBP",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Three capital letters, such as GBP."))],
    )

    class Meta:
        verbose_name = _("key rules of a site")
        verbose_name_plural = _("key rules of sites")
        ordering = ["site"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(count_every_days__gt=0, master_out_hours__gt=0),
                name="access_key_rules_have_a_rhythm",
            ),
        ]

    def __str__(self) -> str:
        return str(self.site)


class MasterSet(models.Model):
    """The locks that one master key opens: those of some banks, or of the whole site."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="master_sets", verbose_name=_("site")
    )
    name = models.CharField(_("name"), max_length=60)
    banks = models.ManyToManyField(
        Bank,
        blank=True,
        related_name="master_sets",
        verbose_name=_("banks"),
        help_text=_("None means every bank of the site."),
    )

    class Meta:
        verbose_name = _("master set")
        verbose_name_plural = _("master sets")
        ordering = ["site", "name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="access_one_master_set_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class MasterRelease(models.Model):
    """A master key asked for by one member of staff and handed out by another."""

    key = models.ForeignKey(
        "access.Key", models.PROTECT, related_name="releases", verbose_name=_("key")
    )
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="master_releases", verbose_name=_("for")
    )
    reason = models.CharField(_("reason"), max_length=200)
    status = models.CharField(
        _("status"), max_length=10, choices=ReleaseStatus.choices, default=ReleaseStatus.REQUESTED
    )
    requested_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("confirmed by"),
    )  # fmt: skip
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    # The custody that it began: who signed, and when the key came back.
    holding = models.OneToOneField(
        "access.KeyHolding", models.PROTECT, null=True, blank=True, related_name="release",
        verbose_name=_("custody"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("release of a master key")
        verbose_name_plural = _("releases of master keys")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("requested_by")),
                name="access_master_key_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=ReleaseStatus.CONFIRMED)
                | models.Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="access_confirmed_release_names_the_second_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="access_master_release_has_a_reason"
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(status=ReleaseStatus.REQUESTED),
                name="access_one_waiting_release_per_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.requested_at:%Y-%m-%d %H:%M}"


class KeyCount(models.Model):
    """Somebody went through the key cabinet of a site and looked for every key."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="key_counts", verbose_name=_("site")
    )
    counted_at = models.DateTimeField(_("counted at"))
    counted_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("counted by")
    )
    only_masters = models.BooleanField(_("master keys only"), default=False)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("key count")
        verbose_name_plural = _("key counts")
        ordering = ["-counted_at"]

    def __str__(self) -> str:
        return f"{self.site} {self.counted_at:%Y-%m-%d}"


class KeyCountLine(models.Model):
    """One key in a count: seen on its hook, shown by its holder, or missing."""

    count = models.ForeignKey(
        KeyCount, models.CASCADE, db_index=False, related_name="lines", verbose_name=_("count")
    )
    key = models.ForeignKey(
        "access.Key", models.PROTECT, related_name="count_lines", verbose_name=_("key")
    )
    result = models.CharField(_("result"), max_length=8, choices=CountResult.choices)

    class Meta:
        verbose_name = _("counted key")
        verbose_name_plural = _("counted keys")
        ordering = ["count", "key"]
        constraints = [
            models.UniqueConstraint(fields=["count", "key"], name="access_one_line_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.get_result_display()}"
