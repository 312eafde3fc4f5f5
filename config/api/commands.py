"""Commands to open a door: how far each one got."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.base import IdField, View
from lockers.choices import CommandStatus
from lockers.models import Command


class CommandSerializer(serializers.ModelSerializer[Command]):
    assignment = serializers.IntegerField(
        source="claim_id", allow_null=True, help_text="The assignment it belongs to, if any."
    )
    status = serializers.ChoiceField(
        choices=CommandStatus.choices,
        help_text="How far it got: queued, sent, accepted, actuated (the pulse was given), opened"
        " (a sensor saw it), closed; or its end: failed, expired, unknown, cancelled.",
    )

    class Meta:
        model = Command
        fields = [
            "id",
            "compartment",
            "assignment",
            "purpose",
            "actor_kind",
            "actor_id",
            "status",
            "detail",
            "requested_at",
            "deadline",
            "sent_at",
            "actuated_at",
            "opened_at",
            "ended_at",
        ]


class CommandFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="compartment__bank__site")
    bank = IdField(required=False, source="compartment__bank")
    compartment = IdField(required=False)
    assignment = IdField(required=False, source="claim_id")
    status = serializers.ChoiceField(choices=CommandStatus.choices, required=False)


class Commands(View):
    """Requests to open a door, newest first."""

    serializer_class = CommandSerializer
    filter_serializer = CommandFilter
    lookup_value_converter = "uuid"
    ordering = ("-requested_at", "-id")

    def get_queryset(self) -> QuerySet[Command]:
        """Return the commands of the sites that the user may see."""
        return Command.objects.filter(self.within("compartment__bank"))

    @extend_schema(parameters=[CommandFilter])
    def list(self, request: Request) -> Response:
        """List commands, newest first."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: uuid.UUID) -> Response:
        """Show one command."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))
