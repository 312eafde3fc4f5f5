"""Assignments: who has which compartment; giving one, opening it, ending it."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import Person
from audit.services.idempotency import Reply
from config.api.base import IdField
from config.api.commands import CommandSerializer
from config.api.custody import Custody
from config.api.shown_assignments import AssignmentSerializer
from lockers.models import Bank, Command, Compartment, Size
from lockers.scoping import OPERATE
from occupancy.choices import ClosedHow
from occupancy.errors.claims import NotTheHolder
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted


class ClaimedSerializer(AssignmentSerializer):
    command = serializers.UUIDField(help_text="The opening of the door that comes with it.")

    class Meta(AssignmentSerializer.Meta):
        fields = [*AssignmentSerializer.Meta.fields, "command"]


class ClaimSerializer(serializers.Serializer[Any]):
    """Nothing, a size or one very door may be wanted; not both."""

    person = IdField()
    bank = IdField()
    size = IdField(required=False)
    compartment = IdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a size and a door at once."""
        if "size" in attrs and "compartment" in attrs:
            raise serializers.ValidationError("Name a size or a compartment, not both.")
        return attrs


class ReleaseSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class AssignmentFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="compartment__bank__site")
    bank = IdField(required=False, source="compartment__bank")
    compartment = IdField(required=False)
    person = IdField(required=False, source="holder")
    in_force = serializers.BooleanField(
        required=False, help_text="Only those that hold a door now."
    )


class Assignments(Custody):
    """Who has which compartment, newest first."""

    filter_serializer = AssignmentFilter
    ordering = ("-id",)

    @extend_schema(parameters=[AssignmentFilter])
    def list(self, request: Request) -> Response:
        """List assignments, newest first."""
        wanted = self.wanted()
        in_force = wanted.pop("in_force", None)
        rows = self.get_queryset().filter(**wanted)
        if in_force is not None:
            holds = assignments.in_force(self.at)
            rows = rows.filter(holds if in_force else ~holds)
        return self.show_list(rows)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one assignment."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=ClaimSerializer, responses={201: ClaimedSerializer})
    def create(self, request: Request) -> Response:
        """Give a person a compartment of a bank and open its door."""
        body = self.checked(ClaimSerializer)
        bank = get_object_or_404(
            Bank.objects.select_related("site").filter(self.within("", OPERATE)), pk=body["bank"]
        )
        person = get_object_or_404(
            Person, pk=body["person"], organisation_id=bank.site.organisation_id
        )
        wanted = Wanted(size_id=body.get("size"), compartment_id=body.get("compartment"))
        if wanted.size_id is not None:
            get_object_or_404(Size, pk=wanted.size_id, organisation_id=bank.site.organisation_id)
        if wanted.compartment_id is not None:
            get_object_or_404(Compartment, pk=wanted.compartment_id, bank=bank)

        def work() -> Reply:
            claimed = assignments.claim(
                person_id=person.pk, bank_id=bank.pk, wanted=wanted, actor=self.actor, at=self.at
            )
            row = self.get_queryset().get(pk=claimed.claim_id)
            shown = dict(AssignmentSerializer(row).data)
            return Reply(201, {**shown, "command": str(claimed.command_id)})

        return self.once(request, work)

    @extend_schema(request=ReleaseSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: int) -> Response:
        """End an assignment, with a reason."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self.checked(ReleaseSerializer)

        def work() -> Reply:
            assignments.release(
                claim_id=row.pk,
                how=ClosedHow.RELEASED_BY_STAFF,
                actor=self.actor,
                at=self.at,
                reason=body["reason"],
            )
            row.refresh_from_db()
            return Reply(200, dict(AssignmentSerializer(row).data))

        return self.once(request, work)

    @extend_schema(request=None, responses={202: CommandSerializer})
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: int) -> Response:
        """Open the door once more for its holder, by the holder's own right to it.

        To open a door that its holder may not open, use the override of the compartment.
        """
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        holder_id = row.holder_id

        def work() -> Reply:
            if holder_id is None:
                raise NotTheHolder
            command_id = assignments.open_again(
                claim_id=row.pk, person_id=holder_id, actor=self.actor, at=self.at
            )
            command = Command.objects.get(pk=command_id)
            return Reply(202, dict(CommandSerializer(command).data))

        return self.once(request, work)
