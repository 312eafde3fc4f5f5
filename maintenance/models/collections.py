"""The end of a term: lockers are collected, pupil by pupil, and what is still owed is kept."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import Hold, KeyCharge, Person, RegistrationGroup
from lockers.models import AcademicSession, Compartment, Site
from maintenance.choices import About, Condition, KeyAnswer
from maintenance.models.tickets import Ticket
from occupancy.models import Claim

_KEY_SETTLED = models.Q(key__in=[KeyAnswer.NONE, KeyAnswer.BACK])
_ALL_SAID = (
    models.Q(emptied__isnull=False)
    & ~models.Q(key=KeyAnswer.WAITING)
    & ~models.Q(condition=Condition.WAITING)
)


class Collection(models.Model):
    """One collection of lockers at a site, on some days at the end of a session."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="collections", verbose_name=_("site")
    )
    session = models.ForeignKey(
        AcademicSession, models.PROTECT, related_name="collections",
        verbose_name=_("at the end of"),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=80, help_text=_("Such as “Summer 2027”."))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    remind_from = models.DateField(
        _("remind from"),
        null=True,
        blank=True,
        help_text=_("On that day pupils and guardians are written to. Empty: nobody is."),
    )
    begun_at = models.DateTimeField(_("begun at"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    report = models.JSONField(_("report"), default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "name"], name="maintenance_one_collection_per_name"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="maintenance_collection_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(remind_from__isnull=True)
                | models.Q(remind_from__lte=models.F("ends_on")),
                name="maintenance_collection_reminds_before_it_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True)
                | models.Q(begun_at__isnull=False, closed_at__gte=models.F("begun_at")),
                name="maintenance_collection_is_closed_after_it_began",
            ),
        ]
        indexes = [
            models.Index(
                fields=["site"],
                condition=models.Q(closed_at__isnull=True),
                name="maintenance_collection_open",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse the session of another site, and days that do not follow each other."""
        if self.site_id and self.session_id and self.session.site_id != self.site_id:
            raise ValidationError({"session": _("That belongs to another site.")})
        if not (self.starts_on and self.ends_on):
            return  # the fields themselves say so
        if self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("The last day comes after the first.")})
        if self.remind_from is not None and self.remind_from > self.ends_on:
            raise ValidationError({"remind_from": _("Remind before the last day.")})


class CollectionLine(models.Model):
    """One locker of one pupil in a collection: what was found, and what is still owed."""

    collection = models.ForeignKey(
        Collection, models.CASCADE, db_index=False, related_name="lines",
        verbose_name=_("collection"),
    )  # fmt: skip
    claim = models.ForeignKey(
        Claim, models.PROTECT, related_name="collection_lines", verbose_name=_("use")
    )
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="collection_lines", verbose_name=_("pupil")
    )
    compartment = models.ForeignKey(
        Compartment, models.PROTECT, related_name="collection_lines",
        verbose_name=_("compartment"),
    )  # fmt: skip
    # As it was when the collection began: at the rollover pupils change their form.
    registration_group = models.ForeignKey(
        RegistrationGroup, models.SET_NULL, null=True, blank=True,
        related_name="collection_lines", verbose_name=_("registration group"),
    )  # fmt: skip
    form = models.CharField(_("form"), max_length=40, blank=True)
    emptied = models.BooleanField(_("emptied"), null=True, blank=True)
    key = models.CharField(
        _("key"), max_length=8, choices=KeyAnswer.choices, default=KeyAnswer.WAITING, blank=True
    )
    condition = models.CharField(
        _("condition"), max_length=8, choices=Condition.choices, default=Condition.WAITING,
        blank=True,
    )  # fmt: skip
    note = models.CharField(_("note"), max_length=200, blank=True)
    ticket = models.ForeignKey(
        Ticket, models.SET_NULL, null=True, blank=True, related_name="collection_lines",
        verbose_name=_("ticket"),
    )  # fmt: skip
    charges = models.ManyToManyField(
        KeyCharge, blank=True, related_name="collection_lines", verbose_name=_("key charges")
    )
    # What the damage costs its pupil, in the smallest unit of the currency.
    damage_minor = models.PositiveIntegerField(_("charged for damage"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # When the last of the three was said, and by which log-in.
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.BigIntegerField(_("done by"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    rotated_at = models.DateTimeField(_("combination changed at"), null=True, blank=True)
    cleared_at = models.DateTimeField(_("cleared at"), null=True, blank=True)
    cleared_because = models.CharField(_("cleared because"), max_length=200, blank=True)
    # What stops the pupil after the collection was closed, until they are cleared.
    hold = models.ForeignKey(
        Hold, models.SET_NULL, null=True, blank=True, related_name="collection_lines",
        verbose_name=_("hold"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("locker to collect")
        verbose_name_plural = _("lockers to collect")
        ordering = ["collection", "form", "person__family_name", "person__given_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "claim"], name="maintenance_one_line_per_use_collected"
            ),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True) | _ALL_SAID,
                name="maintenance_line_is_done_when_all_is_said",
            ),
            models.CheckConstraint(
                condition=models.Q(damage_minor__isnull=True, currency="")
                | models.Q(
                    condition=Condition.DAMAGED, damage_minor__gt=0, currency__regex=r"^[A-Z]{3}$"
                ),
                name="maintenance_only_damage_is_charged",
            ),
            # Emptied, its key back, nothing to pay; or somebody says why all the same.
            models.CheckConstraint(
                condition=models.Q(cleared_at__isnull=True, cleared_because="")
                | models.Q(cleared_at__isnull=False, emptied__isnull=False, emptied=True)
                & (_KEY_SETTLED | models.Q(key=KeyAnswer.LOST))
                & (~models.Q(cleared_because="") | _KEY_SETTLED & models.Q(damage_minor=None)),
                name="maintenance_cleared_is_who_gave_all_back",
            ),
        ]
        indexes = [
            models.Index(
                fields=["collection", "registration_group"], name="maintenance_line_by_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.compartment}"


class CollectionEntry(models.Model):
    """What a tablet said of one line, in the order in which it came."""

    # Made up by the tablet: the same entry sent twice is one.
    entry_id = models.UUIDField(_("entry"), unique=True, editable=False)
    line = models.ForeignKey(
        CollectionLine, models.CASCADE, related_name="entries", verbose_name=_("line")
    )
    about = models.CharField(_("about"), max_length=10, choices=About.choices)
    answer = models.CharField(_("answer"), max_length=10)
    happened_at = models.DateTimeField(_("at"))
    received_at = models.DateTimeField(_("received at"))
    made_by = models.BigIntegerField(_("by"), null=True, blank=True)

    class Meta:
        verbose_name = _("entry of a collection")
        verbose_name_plural = _("entries of a collection")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(happened_at__lte=models.F("received_at")),
                name="maintenance_collection_entry_came_after_it_happened",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.about} {self.answer}"
