"""Access for a while: asked for, decided by somebody else, and what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import NullIf
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from access.choices import Channel, NoticeKind, RequestSource, RequestStatus, notice_kinds
from access.models.people import Person
from lockers.models import Bank, Site

_DECIDED = (RequestStatus.APPROVED, RequestStatus.REFUSED)


class AccessRequest(models.Model):
    """Somebody would like to use the lockers of a site, or of one bank, from when to when."""

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="access_requests", verbose_name=_("for")
    )
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="access_requests", verbose_name=_("site")
    )
    bank = models.ForeignKey(
        Bank,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="access_requests",
        verbose_name=_("only this bank"),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    source = models.CharField(_("asked at"), max_length=10, choices=RequestSource.choices)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=RequestStatus.choices,
        default=RequestStatus.REQUESTED,
    )
    asked_at = models.DateTimeField(_("asked on"))
    # Users by number, as in the trail; nobody asked at a kiosk but the person.
    asked_by = models.BigIntegerField(_("asked by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided on"), null=True, blank=True)
    decided_by = models.BigIntegerField(_("decided by"), null=True, blank=True)
    decision_reason = models.CharField(_("answer"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("access request")
        verbose_name_plural = _("access requests")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="access_request_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=RequestStatus.REQUESTED, decided_at__isnull=True, decided_by__isnull=True
                )
                | Q(status__in=_DECIDED, decided_at__isnull=False, decided_by__isnull=False)
                | Q(
                    status__in=(RequestStatus.WITHDRAWN, RequestStatus.EXPIRED),
                    decided_at__isnull=False,
                ),
                name="access_request_is_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=_DECIDED)
                | Q(asked_by__isnull=True)
                | ~Q(asked_by=F("decided_by")),
                name="access_request_is_not_decided_by_who_asked",
            ),
            models.UniqueConstraint(
                fields=["person", "site"],
                condition=Q(status=RequestStatus.REQUESTED),
                name="access_one_waiting_request_per_person_and_site",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.site}"


class TemporaryAccess(models.Model):
    """A person may use the lockers of a site, or of one bank, from when to when.

    Visitors and contractors need one; it is over by itself.
    """

    person = models.ForeignKey(
        Person,
        models.CASCADE,
        db_index=False,  # access_temporary_in_force serves
        related_name="temporary_access",
        verbose_name=_("person"),
    )
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    bank = models.ForeignKey(
        Bank,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only this bank"),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    given_at = models.DateTimeField(_("given on"))
    request = models.OneToOneField(
        AccessRequest,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="access",
        verbose_name=_("request"),
    )
    visit = models.ForeignKey(
        "access.Visit",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="access",
        verbose_name=_("visit"),
    )
    revoked_at = models.DateTimeField(_("taken back on"), null=True, blank=True)
    # When it was noticed that it is over; that it is over, the end alone says.
    ended_at = models.DateTimeField(_("recorded as over on"), null=True, blank=True)

    class Meta:
        verbose_name = _("temporary access")
        verbose_name_plural = _("temporary access")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="access_temporary_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "site"],
                name="access_temporary_in_force",
                condition=Q(revoked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.site}"


class Notice(models.Model):
    """A letter that is to be sent, or was: written with what it is about, sent afterwards.

    Its words are made when it goes, from the row that it is about.
    """

    kind = models.CharField(_("about"), max_length=20, choices=notice_kinds)
    channel = models.CharField(
        _("by"), max_length=8, choices=Channel.choices, default=Channel.EMAIL,
        db_default=Channel.EMAIL,
    )  # fmt: skip
    # Empty when another channel goes to staff: then its address alone says to whom.
    to = models.EmailField(_("to"), blank=True)
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    request = models.ForeignKey(
        AccessRequest,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("request"),
    )
    visit = models.ForeignKey(
        "access.Visit",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("visit"),
    )
    holding = models.ForeignKey(
        "access.KeyHolding",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("key holding"),
    )
    # After which count of the keys the next is due; none when they were never counted.
    counted = models.ForeignKey(
        "access.KeyCount",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("last count of the keys"),
    )
    # About something of an app on the right, "claim:12"; its words are in ``facts``, as this app
    # cannot ask for them later.
    subject = models.CharField(_("subject"), max_length=40, blank=True, db_default="")
    facts = models.JSONField(_("facts"), default=dict, blank=True, db_default={})
    person = models.ForeignKey(
        "access.Person", models.CASCADE, null=True, blank=True, related_name="notices",
        verbose_name=_("person"),
    )  # fmt: skip
    made_at = models.DateTimeField(_("written on"))
    # Later it helps nobody and is not sent.
    useful_until = models.DateTimeField(_("of use until"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent on"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    try_at = models.DateTimeField(_("next try"))

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Exact(
                    Func(
                        "request",
                        "visit",
                        "holding",
                        NullIf("subject", Value("")),
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                )
                & Q(counted__isnull=True)
                | Q(
                    request__isnull=True,
                    visit__isnull=True,
                    holding__isnull=True,
                    subject="",
                    kind=NoticeKind.KEYS_TO_COUNT,
                ),
                name="access_letter_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(channel=Channel.EMAIL) | ~Q(to=""),
                name="access_letter_by_mail_has_an_address",
            ),
            # Told once: that a key is overdue, and that a count is due.
            models.UniqueConstraint(
                fields=["holding", "to"], name="access_one_letter_per_overdue_key"
            ),
            models.UniqueConstraint(
                fields=["site", "to", "counted"],
                condition=Q(kind=NoticeKind.KEYS_TO_COUNT),
                nulls_distinct=False,
                name="access_one_letter_per_count_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["try_at"],
                name="access_letter_to_send",
                condition=Q(sent_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.to}"
