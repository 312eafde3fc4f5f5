"""Compartments: what they are, what state they are in, and what staff do with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.services.idempotency import Reply
from config.api.base import IdField, View
from config.api.commands import CommandSerializer
from lockers.choices import DoorState, ServiceStatus
from lockers.models import Command, Compartment, Size
from lockers.scoping import OPERATE, OVERRIDE, VIEW
from occupancy import selectors
from occupancy.choices import Shown
from occupancy.selectors import MapDoor
from occupancy.services.claims import assignments
from occupancy.services.custody import overrides


class SizeSerializer(serializers.ModelSerializer[Size]):
    class Meta:
        model = Size
        fields = ["id", "name", "fits"]


class StateSerializer(serializers.Serializer[Any]):
    shown = serializers.ChoiceField(choices=Shown.choices, help_text="What the map says.")
    allocation = serializers.CharField(help_text="Who has it, whatever the door does.")
    door = serializers.ChoiceField(choices=DoorState.choices, help_text="What a sensor says now.")
    reason = serializers.CharField(help_text="Why it needs a look, if it does.")


class CompartmentSerializer(serializers.ModelSerializer[Compartment]):
    site = serializers.IntegerField(source="bank.site_id")
    size = SizeSerializer()
    state = serializers.SerializerMethodField()
    assignment = serializers.SerializerMethodField(help_text="The one that holds it now.")

    class Meta:
        model = Compartment
        fields = [
            "id",
            "site",
            "bank",
            "number",
            "size",
            "column",
            "row",
            "floor_mm",
            "is_accessible",
            "is_wide",
            "has_charging",
            "is_ventilated",
            "is_ppe",
            "lock_kind",
            "service_status",
            "service_note",
            "state",
            "assignment",
        ]

    @extend_schema_field(StateSerializer)
    def get_state(self, compartment: Compartment) -> dict[str, Any]:
        """Return what the map says of it."""
        view = self.context["view"]
        return dict(StateSerializer(view.doors[compartment.pk].state(view.at)).data)

    def get_assignment(self, compartment: Compartment) -> int | None:
        """Return the assignment that holds it, if one does."""
        view = self.context["view"]
        door: MapDoor = view.doors[compartment.pk]
        holds = door.state(view.at).allocation in {"occupied", "overdue"}
        return door.claim_id if holds else None


class OpenSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class ServiceSerializer(serializers.Serializer[Any]):
    service_status = serializers.ChoiceField(choices=ServiceStatus.choices)
    reason = serializers.CharField(max_length=300)


class CompartmentFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="bank__site")
    bank = IdField(required=False)
    size = IdField(required=False)
    state = serializers.ChoiceField(choices=Shown.choices, required=False)


class Compartments(View):
    """Doors and the space behind them."""

    serializer_class = CompartmentSerializer
    filter_serializer = CompartmentFilter
    # The facts behind the states of what is shown, by compartment.
    doors: dict[int, MapDoor]

    def get_queryset(self, right: str = VIEW) -> QuerySet[Compartment]:
        """Return the compartments that the user holds a right on."""
        return Compartment.objects.select_related("bank", "size").filter(self.within("bank", right))

    def look(self, rows: Iterable[Compartment]) -> None:
        """Read the facts of the rows that are going to be shown: one statement."""
        found = selectors.bank_states({row.bank_id for row in rows}, self.at)
        self.doors = {door.id: door for door in found}

    @extend_schema(parameters=[CompartmentFilter])
    def list(self, request: Request) -> Response:
        """List compartments with their state now."""
        wanted = self.wanted()
        state = wanted.pop("state", None)
        rows = self.get_queryset().filter(**wanted)
        if state is not None:
            # The ladder exists once, in Python; the database is only asked for what it picked.
            banks = set(rows.order_by().values_list("bank_id", flat=True).distinct())
            found = selectors.bank_states(banks, self.at)
            rows = rows.filter(
                pk__in=[door.id for door in found if door.state(self.at).shown == state]
            )
        return self.show_list(rows)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one compartment with its state now."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        self.look([row])
        return self.show(row)

    @extend_schema(request=OpenSerializer, responses={202: CommandSerializer})
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: int) -> Response:
        """Open a door as staff, with a reason; whoever holds it keeps it."""
        compartment = get_object_or_404(self.get_queryset(OVERRIDE), pk=pk)
        body = self.checked(OpenSerializer)

        def work() -> Reply:
            command_id = assignments.open_override(
                compartment=compartment, actor=self.actor, reason=body["reason"], at=self.at
            )
            command = Command.objects.get(pk=command_id)
            return Reply(202, dict(CommandSerializer(command).data))

        return self.once(request, work)

    @extend_schema(request=ServiceSerializer, responses=CompartmentSerializer)
    @action(detail=True, methods=["post"])
    def service_status(self, request: Request, pk: int) -> Response:
        """Put a compartment in or out of service, with a reason.

        One that somebody holds does not go out of service: release it first.
        """
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self.checked(ServiceSerializer)

        def work() -> Reply:
            overrides.set_service_status(
                compartment_id=row.pk,
                status=ServiceStatus(body["service_status"]),
                actor=self.actor,
                reason=body["reason"],
                at=self.at,
            )
            row.refresh_from_db()
            self.look([row])
            return Reply(200, dict(self.get_serializer(row).data))

        return self.once(request, work)
