"""Voltages of batteries: read by gateways and by people, newest first."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.services.idempotency import Reply
from config.api.base import IdField, View
from lockers.models import Compartment
from lockers.scoping import MAINTAIN, VIEW
from maintenance.models import BatteryReading
from maintenance.services import batteries


class BatteryReadingSerializer(serializers.ModelSerializer[BatteryReading]):
    number = serializers.CharField(source="compartment.number", help_text="What the door says.")
    bank = serializers.IntegerField(source="compartment.bank_id")
    measured_at = serializers.DateTimeField(source="at")
    is_from_board = serializers.SerializerMethodField(help_text="Told by the board of the lock.")

    class Meta:
        model = BatteryReading
        fields = ["id", "compartment", "number", "bank", "millivolts", "measured_at",
                  "is_from_board"]  # fmt: skip

    def get_is_from_board(self, reading: BatteryReading) -> bool:
        return reading.event_id is not None


class BatteryReadingFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="compartment__bank__site")
    bank = IdField(required=False, source="compartment__bank")
    compartment = IdField(required=False)
    since = serializers.DateTimeField(required=False, source="at__gte")


class NewReadingSerializer(serializers.Serializer[Any]):
    compartment = IdField()
    millivolts = serializers.IntegerField(min_value=batteries.LEAST_MV, max_value=batteries.MOST_MV)
    measured_at = serializers.DateTimeField(required=False, help_text="Left out: now.")


class BatteryReadings(View):
    """Voltages of batteries, newest first; each moves the day its battery is expected to fail."""

    serializer_class = BatteryReadingSerializer
    filter_serializer = BatteryReadingFilter
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[BatteryReading]:
        """Return the readings at the banks that the user may view."""
        return BatteryReading.objects.select_related("compartment").filter(
            self.within("compartment__bank", VIEW)
        )

    @extend_schema(parameters=[BatteryReadingFilter])
    def list(self, request: Request) -> Response:
        """List readings, newest first."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one reading."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=NewReadingSerializer, responses={201: BatteryReadingSerializer})
    def create(self, request: Request) -> Response:
        """Record a voltage; takes the right to maintain at the door."""
        body = self.checked(NewReadingSerializer)
        door = get_object_or_404(
            Compartment.objects.filter(self.within("bank", MAINTAIN)), pk=body["compartment"]
        )

        def work() -> Reply:
            reading = batteries.record(
                compartment_id=door.pk, millivolts=body["millivolts"], actor=self.actor,
                at=self.at, measured_at=body.get("measured_at"),
            )  # fmt: skip
            return Reply(201, dict(BatteryReadingSerializer(reading).data))

        return self.once(request, work)
