"""Recurring reservations: the same hours again and again, by a rule of RFC 5545."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.services.idempotency import Reply
from config.api.base import IdField, View
from config.api.reservations import CancelSerializer, place_of
from lockers.scoping import OPERATE, VIEW
from occupancy.models import Series
from occupancy.services.bookings import series
from occupancy.services.bookings.series import Repeats


class SeriesSerializer(serializers.ModelSerializer[Series]):
    class Meta:
        model = Series
        fields = ["id", "person", "bank", "size", "compartment", "rule", "first_day", "starts_at",
                  "ends_at", "made_at", "made_until", "ended_at"]  # fmt: skip


class TimeSerializer(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    claim_id = serializers.IntegerField(allow_null=True)
    number = serializers.CharField(allow_blank=True, help_text="What the door says.")
    skipped_why = serializers.CharField(allow_blank=True, help_text="Why it could not be had.")


class MadeSerializer(serializers.Serializer[Any]):
    series = serializers.IntegerField(allow_null=True, help_text="None when it was a dry run.")
    times = TimeSerializer(many=True)


class RepeatSerializer(serializers.Serializer[Any]):
    """Times are what the clocks of the site show."""

    person = IdField()
    bank = IdField()
    size = IdField(required=False)
    compartment = IdField(required=False)
    rule = serializers.CharField(max_length=300, help_text="Such as FREQ=WEEKLY;BYDAY=MO,WE.")
    first_day = serializers.DateField()
    starts_at = serializers.TimeField()
    ends_at = serializers.TimeField(help_text="Not later than the start: on the next day.")
    dry_run = serializers.BooleanField(default=False)


class SeriesFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="bank__site")
    bank = IdField(required=False)
    person = IdField(required=False)


class SeriesOfBookings(View):
    """Who books the same hours again and again, newest first."""

    serializer_class = SeriesSerializer
    filter_serializer = SeriesFilter
    ordering = ("-id",)

    def get_queryset(self, right: str = VIEW) -> QuerySet[Series]:
        """Return the recurring reservations of the banks that the user holds a right on."""
        return Series.objects.filter(self.within("bank", right))

    @extend_schema(parameters=[SeriesFilter])
    def list(self, request: Request) -> Response:
        """List recurring reservations, newest first."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one recurring reservation."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=RepeatSerializer, responses={201: MadeSerializer})
    def create(self, request: Request) -> Response:
        """Book every time of a rule as far ahead as the policies allow.

        Each time is booked, or explained when it could not be had. A dry run only says so.
        """
        body = self.checked(RepeatSerializer)
        bank, person, wanted = place_of(self, body)

        def work() -> Reply:
            made = series.make(
                person_id=person.pk, bank_id=bank.pk, wanted=wanted,
                repeats=Repeats(
                    body["rule"], body["first_day"], body["starts_at"], body["ends_at"]
                ),
                actor=self.actor, at=self.at, dry_run=body["dry_run"],
            )  # fmt: skip
            shown = MadeSerializer({"series": made.series_id, "times": made.times}).data
            return Reply(200 if body["dry_run"] else 201, dict(shown))

        return self.once(request, work)

    @extend_schema(request=CancelSerializer, responses=SeriesSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: int) -> Response:
        """End it, with a reason, and cancel what it booked and has not begun."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self.checked(CancelSerializer)

        def work() -> Reply:
            series.end(series_id=row.pk, actor=self.actor, at=self.at, reason=body["reason"])
            row.refresh_from_db()
            return Reply(200, dict(SeriesSerializer(row).data))

        return self.once(request, work)
