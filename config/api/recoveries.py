"""Recoveries: emptying what was not given back, step by step, each step a record that stays."""

from __future__ import annotations

from collections.abc import Callable
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
from config.api.commands import CommandSerializer
from config.api.custody_fields import ReasonSerializer
from config.api.lost_property import FoundSerializer, LostItemSerializer
from lockers.models import Command
from lockers.scoping import RECOVER, VIEW
from occupancy.models import CustodyStep, Recovery
from occupancy.services.ending import lost_property, recovery


class StepSerializer(serializers.ModelSerializer[CustodyStep]):
    class Meta:
        model = CustodyStep
        fields = ["kind", "at", "actor_kind", "actor_id", "note"]


class RecoverySerializer(serializers.ModelSerializer[Recovery]):
    assignment = serializers.IntegerField(source="claim_id")
    person = serializers.IntegerField(
        source="claim.holder_id", allow_null=True, help_text="Whose things may be inside."
    )
    compartment = serializers.IntegerField(source="claim.compartment_id")
    number = serializers.CharField(
        source="claim.compartment.number", help_text="What the door says."
    )
    bank = serializers.IntegerField(source="claim.compartment.bank_id")
    site = serializers.IntegerField(source="claim.compartment.bank.site_id")
    steps = StepSerializer(many=True, help_text="Who did what, in order.")
    items = LostItemSerializer(many=True, help_text="What went into the lost property.")

    class Meta:
        model = Recovery
        fields = ["id", "assignment", "person", "compartment", "number", "bank", "site", "reason",
                  "takes_two", "begun_at", "emptied_at", "closed_at", "steps", "items"]  # fmt: skip


class RecoveryFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="claim__compartment__bank__site")
    bank = IdField(required=False, source="claim__compartment__bank")
    compartment = IdField(required=False, source="claim__compartment")
    assignment = IdField(required=False, source="claim")
    person = IdField(required=False, source="claim__holder")
    is_over = serializers.BooleanField(
        required=False, help_text="Only those that are over, or only the others."
    )


class Recoveries(View):
    """What is emptied by staff, newest first; begun at an assignment.

    The order is: a second person confirms where the policy asks for two, then it is opened, then
    somebody says what was inside, and at last it is reset and free.
    """

    serializer_class = RecoverySerializer
    filter_serializer = RecoveryFilter
    ordering = ("-id",)

    def get_queryset(self, right: str = VIEW) -> QuerySet[Recovery]:
        """Return the recoveries at the banks that the user holds a right on."""
        return (
            Recovery.objects.select_related("claim__compartment__bank")
            .prefetch_related("steps", "items")
            .filter(self.within("claim__compartment__bank", right))
        )

    @extend_schema(parameters=[RecoveryFilter])
    def list(self, request: Request) -> Response:
        """List recoveries, newest first."""
        wanted = self.wanted()
        is_over = wanted.pop("is_over", None)
        rows = self.get_queryset().filter(**wanted)
        if is_over is not None:
            rows = rows.filter(closed_at__isnull=not is_over)
        return self.show_list(rows)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one recovery with its steps."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=None, responses=RecoverySerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: int) -> Response:
        """Confirm as the second person that it is opened; counts for half an hour."""
        return self._step(
            request, self._mine(pk),
            lambda: recovery.confirm(recovery_id=pk, user_id=self._user_id, at=self.at),
        )  # fmt: skip

    @extend_schema(request=ReasonSerializer, responses={202: CommandSerializer})
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: int) -> Response:
        """Open the door by override, with a reason."""
        row = self._mine(pk)
        body = self.checked(ReasonSerializer)

        def work() -> Reply:
            command_id = recovery.open_for(
                recovery_id=row.pk, user_id=self._user_id, at=self.at, reason=body["reason"]
            )
            command = Command.objects.get(pk=command_id)
            return Reply(202, dict(CommandSerializer(command).data))

        return self.once(request, work)

    @extend_schema(request=ReasonSerializer, responses=RecoverySerializer)
    @action(detail=True, methods=["post"], url_path="opened-by-key")
    def opened_by_key(self, request: Request, pk: int) -> Response:
        """Record that it was opened with a key or a tool, with a reason."""
        row = self._mine(pk)
        body = self.checked(ReasonSerializer)
        return self._step(
            request, row,
            lambda: recovery.opened_by_key(
                recovery_id=pk, user_id=self._user_id, at=self.at, reason=body["reason"]
            ),
        )  # fmt: skip

    @extend_schema(request=None, responses=RecoverySerializer)
    @action(detail=True, methods=["post"], url_path="nothing-found")
    def nothing_found(self, request: Request, pk: int) -> Response:
        """Record that it was empty."""
        return self._step(
            request, self._mine(pk),
            lambda: recovery.empty(recovery_id=pk, found=False, actor=self.actor, at=self.at),
        )  # fmt: skip

    @extend_schema(request=FoundSerializer, responses={201: LostItemSerializer})
    @action(detail=True, methods=["post"])
    def store(self, request: Request, pk: int) -> Response:
        """Put a thing that was inside into the lost property, for its holder."""
        row = self._mine(pk)
        found = FoundSerializer.found(self.checked(FoundSerializer))

        def work() -> Reply:
            item = lost_property.store_item(
                recovery_id=row.pk, found=found, actor=self.actor, at=self.at
            )
            return Reply(201, dict(LostItemSerializer(item).data))

        return self.once(request, work)

    @extend_schema(request=None, responses=RecoverySerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Reset what was emptied: anybody can have the door from now on."""
        return self._step(
            request, self._mine(pk),
            lambda: recovery.close(recovery_id=pk, actor=self.actor, at=self.at),
        )  # fmt: skip

    @extend_schema(request=ReasonSerializer, responses=RecoverySerializer)
    @action(detail=True, methods=["post"], url_path="call-off")
    def call_off(self, request: Request, pk: int) -> Response:
        """Leave it to its holder after all, with a reason."""
        row = self._mine(pk)
        body = self.checked(ReasonSerializer)
        return self._step(
            request, row,
            lambda: recovery.call_off(
                recovery_id=pk, actor=self.actor, at=self.at, reason=body["reason"]
            ),
        )  # fmt: skip

    @property
    def _user_id(self) -> int:
        assert self.request.user.pk is not None
        return int(self.request.user.pk)

    def _mine(self, pk: int) -> Recovery:
        return get_object_or_404(self.get_queryset(RECOVER), pk=pk)

    def _step(self, request: Request, row: Recovery, step: Callable[[], None]) -> Response:
        def work() -> Reply:
            step()
            # Read anew, with the step that was just written.
            now = self.get_queryset().get(pk=row.pk)
            return Reply(200, dict(RecoverySerializer(now).data))

        return self.once(request, work)
