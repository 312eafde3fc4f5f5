"""Allotments: all doors of some banks given for an academic year, by rules, wishes and a draw."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access.models import House, Person, RegistrationGroup, YearGroup
from lockers.models import AcademicSession, Area, Bank, Compartment, SessionLevel, Site, Size
from occupancy.choices import AllotmentMethod, KeepsDoor, LinkFor
from occupancy.models.claims import Claim
from occupancy.models.policies import Policy


class Allotment(models.Model):
    """One door each for the pupils of some years, out of some banks.

    prepared -> window opens (seed committed to) -> frozen (input digested, seed revealed) ->
    applied -> forgotten (the input deleted, its digest kept). What stands in a later step is never
    there before an earlier one.
    """

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="allotments", verbose_name=_("site")
    )
    session = models.ForeignKey(
        AcademicSession, models.PROTECT, related_name="allotments", verbose_name=_("academic year")
    )
    policy = models.ForeignKey(
        Policy, models.PROTECT, related_name="allotments", verbose_name=_("policy"),
        help_text=_("Says what pupils may do with the doors. They end with the academic year."),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=80, help_text=_("Such as “Hall lockers”."))
    banks = models.ManyToManyField(Bank, related_name="allotments", verbose_name=_("banks"))
    method = models.CharField(
        _("method"),
        max_length=8,
        choices=AllotmentMethod.choices,
        default=AllotmentMethod.TURNS,
    )
    held_back = models.PositiveSmallIntegerField(
        _("held back for late arrivals (%)"), default=5, validators=[MaxValueValidator(50)]
    )
    most_wishes = models.PositiveSmallIntegerField(
        _("wishes at most"),
        default=5,
        validators=[MinValueValidator(0), MaxValueValidator(20)],
        help_text=_("0: nobody is asked."),
    )
    metres_per_wish = models.PositiveSmallIntegerField(
        _("a better wish is worth (metres of walk)"),
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
        help_text=_("Only the least cost method weighs one against the other."),
    )
    opens_at = models.DateTimeField(_("wishes from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("wishes until"), null=True, blank=True)
    # In the address of its public page; says nothing.
    code = models.CharField(max_length=12, unique=True, editable=False)
    committed_at = models.DateTimeField(_("seed committed at"), null=True, editable=False)
    commitment = models.CharField(_("commitment"), max_length=64, blank=True, editable=False)
    sealed_seed = models.TextField(blank=True, editable=False)
    frozen_at = models.DateTimeField(_("frozen at"), null=True, editable=False)
    frozen_input = models.BinaryField(null=True, editable=False)
    digest = models.CharField(_("digest of the input"), max_length=64, blank=True, editable=False)
    seed = models.CharField(_("seed"), max_length=64, blank=True, editable=False)
    applied_at = models.DateTimeField(_("applied at"), null=True, editable=False)
    # When the wishes were deleted, and the input with them; long after the year.
    forgotten_at = models.DateTimeField(_("wishes deleted at"), null=True, editable=False)

    class Meta:
        verbose_name = _("allotment")
        verbose_name_plural = _("allotments")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "name"], name="occupancy_one_allotment_per_name_and_year"
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__gt=F("opens_at")),
                name="occupancy_allotment_window_ends_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(committed_at__isnull=True, commitment="", sealed_seed="")
                | Q(committed_at__isnull=False, commitment__regex="^[0-9a-f]{64}$")
                & ~Q(sealed_seed=""),
                name="occupancy_allotment_commits_to_a_seed",
            ),
            # The seed comes to light with the digest of the input, never before.
            models.CheckConstraint(
                condition=Q(frozen_at__isnull=True, frozen_input__isnull=True, digest="", seed="")
                | Q(
                    Q(frozen_input__isnull=False) | Q(forgotten_at__isnull=False),
                    committed_at__isnull=False, frozen_at__isnull=False,
                    frozen_at__gte=F("committed_at"),
                    digest__regex="^[0-9a-f]{64}$", seed__regex="^[0-9a-f]{64}$",
                ),
                name="occupancy_allotment_is_frozen_before_its_seed_is_revealed",
            ),
            models.CheckConstraint(
                condition=Q(forgotten_at__isnull=True) | Q(frozen_input__isnull=True),
                name="occupancy_forgotten_allotment_has_no_input",
            ),
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True)
                | Q(frozen_at__isnull=False, applied_at__gte=F("frozen_at")),
                name="occupancy_allotment_is_frozen_before_it_is_applied",
            ),
            models.CheckConstraint(
                condition=Q(held_back__lte=50), name="occupancy_allotment_holds_back_at_most_half"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name}, {self.session}"

    def clean(self) -> None:
        """Refuse a year or policy of another site."""
        if not self.site_id:
            return  # the field itself says so
        if self.session_id and (
            self.session.site_id != self.site_id or self.session.level != SessionLevel.YEAR
        ):
            raise ValidationError({"session": _("Choose an academic year of this site.")})
        if self.policy_id and self.policy.organisation_id != self.site.organisation_id:
            raise ValidationError({"policy": _("That belongs to another organisation.")})


class AllotmentYear(models.Model):
    """One year group that takes part, and what becomes of the doors its pupils have."""

    allotment = models.ForeignKey(
        Allotment, models.CASCADE, related_name="years", verbose_name=_("allotment")
    )
    year_group = models.ForeignKey(
        YearGroup, models.PROTECT, related_name="+", verbose_name=_("year group")
    )
    keeps = models.CharField(
        _("doors they have"), max_length=6, choices=KeepsDoor.choices, default=KeepsDoor.ASKED
    )

    class Meta:
        verbose_name = _("year group of an allotment")
        verbose_name_plural = _("year groups of an allotment")
        ordering = ["allotment", "year_group__rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["allotment", "year_group"],
                name="occupancy_one_line_per_year_of_an_allotment",
            ),
        ]

    def __str__(self) -> str:
        return str(self.year_group)


class AllotmentRule(models.Model):
    """Who may have which doors. Several for one pupil add up; without one, all that are not kept.

    Whom it is for: everybody who is in one of its years, houses or forms, of each kind it names.
    """

    allotment = models.ForeignKey(
        Allotment, models.CASCADE, related_name="rules", verbose_name=_("allotment")
    )
    year_groups = models.ManyToManyField(
        YearGroup, blank=True, related_name="+", verbose_name=_("for years")
    )
    houses = models.ManyToManyField(
        House, blank=True, related_name="+", verbose_name=_("for houses")
    )
    registration_groups = models.ManyToManyField(
        RegistrationGroup, blank=True, related_name="+", verbose_name=_("for forms")
    )
    banks = models.ManyToManyField(Bank, blank=True, related_name="+", verbose_name=_("only banks"))
    sizes = models.ManyToManyField(Size, blank=True, related_name="+", verbose_name=_("only sizes"))
    is_exclusive = models.BooleanField(
        _("keeps its doors"), default=False, help_text=_("Nobody else gets them.")
    )

    class Meta:
        verbose_name = _("rule of an allotment")
        verbose_name_plural = _("rules of an allotment")
        ordering = ["allotment", "pk"]

    def __str__(self) -> str:
        """Return whom it is for, as the office speaks of it."""
        if self.pk is None:
            return str(self._meta.verbose_name)
        whom = [*self.year_groups.all(), *self.houses.all(), *self.registration_groups.all()]
        return ", ".join(map(str, whom)) or _now("everybody")


class Entry(models.Model):
    """A pupil who takes part: their ticket in the draw, and what they wish for.

    The link that they or a guardian get is stored as a digest only, and so is its code, which is
    good once.
    """

    allotment = models.ForeignKey(
        Allotment, models.CASCADE, related_name="entries", verbose_name=_("allotment")
    )
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="allotment_entries", verbose_name=_("pupil")
    )
    ticket = models.CharField(_("ticket"), max_length=10)
    # What friends tell each other, so that nobody has to be looked up.
    friend_code = models.CharField(_("friend code"), max_length=10)
    friends = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="asked_by", verbose_name=_("near")
    )
    wants_to_keep = models.BooleanField(_("wants to keep the door"), default=False)
    link_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_until = models.DateTimeField(null=True, editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    # To whom the link went by e-mail, and so do codes for it; "" for one on paper.
    link_for = models.CharField(max_length=8, blank=True, choices=LinkFor.choices, editable=False)
    answered_at = models.DateTimeField(_("answered at"), null=True, editable=False)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["allotment", "person"]
        constraints = [
            models.UniqueConstraint(
                fields=["allotment", "person"], name="occupancy_one_ticket_per_pupil"
            ),
            models.UniqueConstraint(
                fields=["allotment", "ticket"], name="occupancy_one_pupil_per_ticket"
            ),
            models.UniqueConstraint(
                fields=["allotment", "friend_code"], name="occupancy_one_pupil_per_friend_code"
            ),
            models.UniqueConstraint(
                fields=["link_digest"],
                condition=~Q(link_digest=""),
                name="occupancy_one_ticket_per_link",
            ),
        ]

    def __str__(self) -> str:
        return self.ticket


class Preference(models.Model):
    """One wish of a pupil: an area, a bank or one very door; the lowest rank counts most."""

    entry = models.ForeignKey(
        Entry, models.CASCADE, related_name="preferences", verbose_name=_("ticket")
    )
    rank = models.PositiveSmallIntegerField(_("rank"), validators=[MinValueValidator(1)])
    area = models.ForeignKey(
        Area, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("area")
    )
    bank = models.ForeignKey(
        Bank, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("bank")
    )
    compartment = models.ForeignKey(
        Compartment, models.CASCADE, null=True, blank=True, related_name="+",
        verbose_name=_("compartment"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        ordering = ["entry", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "rank"], name="occupancy_one_wish_per_rank"),
            models.CheckConstraint(
                condition=Q(area__isnull=False, bank__isnull=True, compartment__isnull=True)
                | Q(area__isnull=True, bank__isnull=False, compartment__isnull=True)
                | Q(area__isnull=True, bank__isnull=True, compartment__isnull=False),
                name="occupancy_wish_is_for_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}: {self.compartment or self.bank or self.area}"


class Allotted(models.Model):
    """What a ticket got: a door, or a place on the waiting list; and why."""

    entry = models.OneToOneField(
        Entry, models.CASCADE, related_name="result", verbose_name=_("ticket")
    )
    # Its place in the draw, from 1.
    place = models.PositiveIntegerField(_("place in the draw"))
    compartment = models.ForeignKey(
        Compartment, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("compartment"),
    )  # fmt: skip
    # Whoever keeps a door from year to year has it by one use, in the results of each.
    claim = models.ForeignKey(
        Claim, models.SET_NULL, null=True, blank=True, related_name="allotted",
        verbose_name=_("claim"),
    )  # fmt: skip
    waiting = models.PositiveIntegerField(_("place on the waiting list"), null=True, blank=True)
    # A code and numbers, made into a sentence where it is read.
    because = models.JSONField(_("because"), default=dict)

    class Meta:
        verbose_name = _("result of an allotment")
        verbose_name_plural = _("results of an allotment")
        ordering = ["place"]
        constraints = [
            models.CheckConstraint(
                condition=Q(compartment__isnull=False, waiting__isnull=True)
                | Q(compartment__isnull=True, waiting__isnull=False, claim__isnull=True),
                name="occupancy_a_ticket_gets_a_door_or_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.compartment_id}"


class TrialRun(models.Model):
    """One method tried on what is known so far, by a seed that is thrown away."""

    allotment = models.ForeignKey(
        Allotment, models.CASCADE, related_name="trials", verbose_name=_("allotment")
    )
    method = models.CharField(_("method"), max_length=8, choices=AllotmentMethod.choices)
    made_at = models.DateTimeField(_("made at"))
    report = models.JSONField(_("report"))

    class Meta:
        verbose_name = _("trial of an allotment")
        verbose_name_plural = _("trials of an allotment")
        ordering = ["allotment", "method"]
        constraints = [
            models.UniqueConstraint(
                fields=["allotment", "method"], name="occupancy_one_trial_per_method"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allotment_id}: {self.method}"
