"""Where pupils belong: year groups, houses and registration groups."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models.users import User
from lockers.models import Area, Organisation, Site


class YearGroup(models.Model):
    """One of the years a school has; pupils go up by rank."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="year_groups", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=40, help_text=_("Such as “Year 7”."))
    rank = models.PositiveSmallIntegerField(
        _("rank"), help_text=_("The youngest first: at the rollover pupils go to the next rank.")
    )

    class Meta:
        verbose_name = _("year group")
        verbose_name_plural = _("year groups")
        ordering = ["organisation", "rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="access_one_year_group_per_name"
            ),
            models.UniqueConstraint(
                fields=["organisation", "rank"], name="access_one_year_group_per_rank"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class House(models.Model):
    """A house of a school, across its years."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="houses", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=40)

    class Meta:
        verbose_name = _("house")
        verbose_name_plural = _("houses")
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="access_one_house_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RegistrationGroup(models.Model):
    """A form: pupils of one year group who are registered together, with their tutors."""

    site = models.ForeignKey(
        Site, models.CASCADE, related_name="registration_groups", verbose_name=_("site")
    )
    name = models.CharField(_("name"), max_length=40, help_text=_("Such as “7B”."))
    year_group = models.ForeignKey(
        YearGroup, models.PROTECT, related_name="registration_groups",
        verbose_name=_("year group"),
    )  # fmt: skip
    room = models.ForeignKey(
        Area, models.SET_NULL, null=True, blank=True, related_name="registration_groups",
        verbose_name=_("form room"),
        help_text=_("Lockers near it come first where an allotment says so."),
    )  # fmt: skip
    tutors = models.ManyToManyField(
        User, blank=True, related_name="forms", verbose_name=_("tutors"),
        help_text=_("They see the pupils of this form and their lockers, no combinations."),
    )  # fmt: skip
    external_id = models.CharField(
        _("external id"), max_length=255, blank=True,
        help_text=_("What the register of the school calls it (OneRoster: sourcedId)."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("registration group")
        verbose_name_plural = _("registration groups")
        ordering = ["site", "year_group__rank", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "name"], name="access_one_registration_group_per_name"
            ),
            models.UniqueConstraint(
                fields=["site", "external_id"],
                condition=~models.Q(external_id=""),
                name="access_one_registration_group_per_external_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a year group of another organisation and a room of another site."""
        if not self.site_id:
            return  # the field itself says so
        if self.year_group_id and self.year_group.organisation_id != self.site.organisation_id:
            raise ValidationError({"year_group": _("That belongs to another organisation.")})
        if self.room is not None and self.room.site_id != self.site_id:
            raise ValidationError({"room": _("That room is at another site.")})
