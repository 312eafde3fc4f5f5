"""People, and the groups they belong to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.choices import PersonKind, PersonStatus
from access.models.pupils import House, RegistrationGroup, YearGroup
from lockers.models import Organisation, Site

# Dialled by people, never by the program: anything that reads as a number will do.
PHONE = RegexValidator(
    r"^\+?[0-9][0-9 ()./-]{3,28}$", _("Write a phone number: digits, spaces and a + in front.")
)

# A check letter and twelve characters, the last of which is a letter while it is temporary. The
# check letter is not verified: what counts is that no two pupils have the same.
UPN = RegexValidator(
    r"^[A-HJ-NP-RT-Z]\d{11}[0-9A-HJ-NP-RT-Z]$",
    _("A unique pupil number is a letter and twelve digits, like A123456789012."),
)

_OF_PUPILS = ("guardian_name", "guardian_phone", "guardian_email", "year_group",
              "registration_group", "house", "upn", "starts_on")  # fmt: skip


class Department(models.Model):
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="departments", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="access_one_department_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Group(models.Model):
    """A set of people that rules can name."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="groups", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="access_one_group_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """What somebody does here, where a locker goes with the job rather than the person."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="roles", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="access_one_role_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Somebody who may use lockers."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="people", verbose_name=_("organisation")
    )
    home_site = models.ForeignKey(
        Site,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("home site"),
    )
    kind = models.CharField(
        _("kind"), max_length=12, choices=PersonKind.choices, default=PersonKind.STAFF
    )
    status = models.CharField(
        _("status"), max_length=10, choices=PersonStatus.choices, default=PersonStatus.ACTIVE
    )
    given_name = models.CharField(_("given name"), max_length=80)
    family_name = models.CharField(_("family name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    personal_number = models.CharField(
        _("personal number"),
        max_length=20,
        blank=True,
        help_text=_("Typed before the PIN when claiming without a badge."),
    )
    department = models.ForeignKey(
        Department,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("department"),
    )
    role = models.ForeignKey(
        Role,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("role"),
    )
    groups = models.ManyToManyField(
        Group, blank=True, related_name="people", verbose_name=_("groups")
    )
    needs_low_door = models.BooleanField(_("needs a low door"), default=False)
    needs_wide_door = models.BooleanField(_("needs a wide door"), default=False)
    needs_charging = models.BooleanField(_("needs charging"), default=False)
    needs_near_entrance = models.BooleanField(_("needs a place near the entrance"), default=False)
    external_id = models.CharField(
        _("external id"),
        max_length=60,
        blank=True,
        help_text=_("What the personnel or pupil register calls this person."),
    )
    cost_centre = models.CharField(_("cost centre"), max_length=40, blank=True)
    guardian_name = models.CharField(_("guardian's name"), max_length=120, blank=True)
    guardian_phone = models.CharField(
        _("guardian's phone"), max_length=30, blank=True, validators=[PHONE]
    )
    guardian_email = models.EmailField(_("guardian's e-mail"), blank=True)
    # Of pupils.
    year_group = models.ForeignKey(
        YearGroup, models.SET_NULL, null=True, blank=True, related_name="people",
        verbose_name=_("year group"),
    )  # fmt: skip
    registration_group = models.ForeignKey(
        RegistrationGroup, models.SET_NULL, null=True, blank=True, related_name="people",
        verbose_name=_("registration group"),
    )  # fmt: skip
    house = models.ForeignKey(
        House, models.SET_NULL, null=True, blank=True, related_name="people",
        verbose_name=_("house"),
    )  # fmt: skip
    upn = models.CharField(
        _("unique pupil number"),
        max_length=13,
        blank=True,
        validators=[UPN],
        help_text=_("Only to tell pupils apart in lists; leave it out where it is not needed."),
    )
    starts_on = models.DateField(
        _("first day"), null=True, blank=True, help_text=_("Of a pupil who is still to come.")
    )
    leaves_on = models.DateField(
        _("last day"),
        null=True,
        blank=True,
        help_text=_("At the end of this day, where the home site is, access ends by itself."),
    )
    left_at = models.DateTimeField(_("left at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["family_name", "given_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "personal_number"],
                condition=~models.Q(personal_number=""),
                name="access_one_person_per_personal_number",
            ),
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                condition=~models.Q(external_id=""),
                name="access_one_person_per_external_id",
            ),
            models.UniqueConstraint(
                fields=["organisation", "upn"],
                condition=~models.Q(upn=""),
                name="access_one_person_per_upn",
            ),
            # That its form is of the same year is a foreign key of both: see the migration.
            models.CheckConstraint(
                condition=models.Q(registration_group__isnull=True)
                | models.Q(year_group__isnull=False),
                name="access_who_has_a_form_has_a_year",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on__isnull=True)
                | models.Q(leaves_on__isnull=True)
                | models.Q(leaves_on__gte=models.F("starts_on")),
                name="access_person_leaves_after_they_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def initials(self) -> str:
        """What a public screen shows of a name."""
        return "".join(part[0] for part in (self.given_name, self.family_name) if part)

    # Where it was when it was read, and which day was to be the last.
    _came_from: int | None = None
    was_to_leave_on: dt.date | None = None

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **how: Any
    ) -> Self:
        """Remember the organisation it comes from, which ``clean`` does not let change."""
        person = super().from_db(db, field_names, values, **how)
        if "organisation_id" in field_names:
            person._came_from = person.organisation_id
        if "leaves_on" in field_names:
            person.was_to_leave_on = person.leaves_on
        return person

    def clean(self) -> None:
        """Refuse another organisation, and a site, department or role of one."""
        if self._came_from not in {None, self.organisation_id}:
            # What they have, and all that was recorded of them, belongs to the first one.
            raise ValidationError(
                {
                    "organisation": _(
                        "People keep their organisation. Let them leave, and add them anew there."
                    ),
                }
            )
        for field in ("home_site", "department", "role", "year_group", "house"):
            related = getattr(self, field)
            if related is not None and related.organisation_id != self.organisation_id:
                raise ValidationError({field: _("That belongs to another organisation.")})
        if self.kind != PersonKind.STUDENT:
            for field in _OF_PUPILS:
                if getattr(self, field):
                    raise ValidationError({field: _("Only students have this.")})
        form = self.registration_group
        if form is not None:
            if form.site_id != self.home_site_id:
                raise ValidationError({"registration_group": _("That is a form of another site.")})
            if form.year_group_id != self.year_group_id:
                raise ValidationError(
                    {
                        "registration_group": _("%(form)s is a form of %(year)s.")
                        % {"form": form, "year": form.year_group}
                    }
                )


class Pupil(Person):
    """The people who are students, for the list and the import of a school."""

    class Meta:
        proxy = True
        verbose_name = _("pupil")
        verbose_name_plural = _("pupils")
