"""Which member of staff has which role, and where."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from access.roles import Level, StaffRole
from lockers.models import Area, Organisation, Site

_ONE_PLACE = (
    Q(organisation__isnull=False, site__isnull=True, area__isnull=True)
    | Q(organisation__isnull=True, site__isnull=False, area__isnull=True)
    | Q(organisation__isnull=True, site__isnull=True, area__isnull=False)
)


class RoleAssignment(models.Model):
    """A role that somebody has on an organisation, a site or an area; on exactly one of them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="role_assignments",
        verbose_name=_("member of staff"),
    )
    role = models.CharField(_("role"), max_length=20, choices=StaffRole.choices)
    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_assignments",
        verbose_name=_("organisation"),
    )
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_assignments",
        verbose_name=_("site"),
    )
    area = models.ForeignKey(
        Area,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_assignments",
        verbose_name=_("area"),
    )
    # The number of the log-in that gave it; empty for what the installation gave itself.
    given_by = models.BigIntegerField(_("given by"), null=True, blank=True)
    given_at = models.DateTimeField(_("given at"))
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ["user", "role", "pk"]
        constraints = [
            models.CheckConstraint(condition=_ONE_PLACE, name="access_role_is_given_on_one_place"),
            models.UniqueConstraint(
                fields=["user", "role", "organisation", "site", "area"],
                name="access_one_role_per_place",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.get_role_display()}, {self.place}"

    @property
    def who(self) -> str:
        """The address of the log-in: what whoever gave the role knows of it."""
        return self.user.email or self.user.get_username()

    @property
    def level(self) -> str:
        """What kind of place it is given on."""
        if self.organisation_id is not None:
            return Level.ORGANISATION.value
        return (Level.SITE if self.site_id is not None else Level.AREA).value

    @property
    def place(self) -> Organisation | Site | Area:
        """The organisation, site or area it is given on."""
        place = self.organisation or self.site or self.area
        assert place is not None  # by constraint
        return place
