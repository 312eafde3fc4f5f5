"""The audit trail, to read."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions import Action
from audit.models import ActorKind, Event
from config.api.base import IdField, View
from lockers.scoping import events_of


class EventSerializer(serializers.ModelSerializer[Event]):
    action = serializers.CharField(help_text="Such as `assignment.claimed`; stable.")
    organisation = serializers.IntegerField(source="organisation_id", allow_null=True)
    site = serializers.IntegerField(source="site_id", allow_null=True)
    bank = serializers.IntegerField(source="bank_id", allow_null=True)
    compartment = serializers.IntegerField(source="compartment_id", allow_null=True)
    person = serializers.IntegerField(source="person_id", allow_null=True)

    class Meta:
        model = Event
        fields = [
            "id",
            "occurred_at",
            "recorded_at",
            "action",
            "actor_kind",
            "actor_id",
            "organisation",
            "site",
            "bank",
            "compartment",
            "person",
            "subject",
            "reason",
            "data",
        ]
        extra_kwargs = {"data": {"help_text": "Facts; which ones depends on the action."}}


class EventFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="site_id")
    bank = IdField(required=False, source="bank_id")
    compartment = IdField(required=False, source="compartment_id")
    person = IdField(required=False, source="person_id")
    action = serializers.ChoiceField(choices=Action.choices, required=False)
    actor_kind = serializers.ChoiceField(choices=ActorKind.choices, required=False)
    actor_id = serializers.CharField(max_length=40, required=False)
    since = serializers.DateTimeField(required=False, source="occurred_at__gte")
    until = serializers.DateTimeField(required=False, source="occurred_at__lt")


class Events(View):
    """What happened, newest first."""

    serializer_class = EventSerializer
    filter_serializer = EventFilter
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Event]:
        """Return the events of the user's sites, and those of their organisations at no site.

        Staff of an area see those of its doors. Events that belong to no organisation (log-ins)
        are for superusers.
        """
        return Event.objects.filter(events_of(self.request.user))

    @extend_schema(parameters=[EventFilter])
    def list(self, request: Request) -> Response:
        """List events, newest first."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one event."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))
