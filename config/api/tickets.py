"""Tickets: what is broken, for systems that watch or repair; each change is an event, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.services.idempotency import Reply
from config.api.base import IdField, View
from config.api.photo_field import PhotoField
from lockers.models import Bank, Compartment
from lockers.scoping import MAINTAIN, OPERATE, VIEW
from maintenance.choices import Category, Priority, Source, TicketStatus
from maintenance.models import Ticket, TicketEntry
from maintenance.selectors import tickets as selectors
from maintenance.services.tickets import closing, reporting, working
from maintenance.services.tickets.subjects import Subject


class EntrySerializer(serializers.ModelSerializer[TicketEntry]):
    class Meta:
        model = TicketEntry
        fields = ["kind", "at", "actor_kind", "actor_id", "text", "minutes"]


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    number = serializers.CharField(
        source="compartment.number", default=None, allow_null=True,
        help_text="What the door says, if it is about a door.",
    )  # fmt: skip
    category = serializers.ChoiceField(choices=Category.choices)
    priority = serializers.ChoiceField(
        choices=Priority.choices, help_text="From 1, urgent, to 4, low."
    )
    status = serializers.ChoiceField(choices=TicketStatus.choices)
    reference = serializers.CharField(help_text="Its number in another system for tickets.")
    entries = EntrySerializer(many=True, help_text="What was done, in order.")

    class Meta:
        model = Ticket
        fields = ["id", "site", "bank", "compartment", "number", "controller", "bridge",
                  "category", "priority", "status", "summary", "source", "occurrences", "opened_at",
                  "last_seen_at", "due_at", "escalated_at", "closed_at", "reopened", "assignee",
                  "team", "resolution", "reference", "entries"]  # fmt: skip


class TicketFilter(serializers.Serializer[Any]):
    site = IdField(required=False)
    bank = IdField(required=False)
    compartment = IdField(required=False)
    category = serializers.ChoiceField(choices=Category.choices, required=False)
    reference = serializers.CharField(required=False, max_length=60)
    is_open = serializers.BooleanField(
        required=False, help_text="Only those that are open, or only the others."
    )


class ReportSerializer(serializers.Serializer[Any]):
    bank = IdField(required=False, help_text="The bank itself; or name a compartment.")
    compartment = IdField(required=False, help_text="The door that is broken.")
    category = serializers.ChoiceField(choices=Category.choices)
    words = serializers.CharField(required=False, max_length=1000, allow_blank=True)
    needs_out = serializers.BooleanField(
        required=False, help_text="Give the door to nobody new until it is put right."
    )
    reference = serializers.CharField(
        required=False, max_length=60, help_text="Its number in your system."
    )
    photo = PhotoField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two things, or none."""
        if ("bank" in attrs) == ("compartment" in attrs):
            raise serializers.ValidationError("Name a bank or a compartment.")
        return attrs


class NoteSerializer(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=1000)


class CloseSerializer(serializers.Serializer[Any]):
    resolution = serializers.CharField(max_length=400, help_text="What was done.")


class ReferenceSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField(
        max_length=60, allow_blank=True, help_text="Its number in your system; empty for none."
    )


class Tickets(View):
    """What is broken, newest first.

    One fault of one door is one ticket: reported again, it is counted. Every change is an event
    too, with the subject "ticket:<id>" and always the same data, for whoever follows those.
    """

    serializer_class = TicketSerializer
    filter_serializer = TicketFilter
    ordering = ("-id",)

    def get_queryset(self, right: str = VIEW) -> QuerySet[Ticket]:
        """Return the tickets where the user holds a right."""
        return (
            Ticket.objects.select_related("compartment")
            .prefetch_related("entries")
            .filter(selectors.visible(self.request.user, right))
        )

    @extend_schema(parameters=[TicketFilter])
    def list(self, request: Request) -> Response:
        """List tickets, newest first."""
        wanted = self.wanted()
        is_open = wanted.pop("is_open", None)
        rows = self.get_queryset().filter(**wanted)
        if is_open is not None:
            rows = rows.filter(closed_at__isnull=is_open)
        return self.show_list(rows)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one ticket with what was done."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(
        request=ReportSerializer, responses={200: TicketSerializer, 201: TicketSerializer}
    )
    def create(self, request: Request) -> Response:
        """Report a fault: 201 is a new ticket, 200 one that was there and is counted or reopened.

        Takes the right to operate or to repair there.
        """
        body = self.checked(ReportSerializer)
        subject = self._subject(body)

        def work() -> Reply:
            reported = reporting.report(
                subject=subject, category=Category(body["category"]), source=Source.API,
                actor=self.actor, at=self.at, words=body.get("words", ""),
                photos=[body["photo"]] if "photo" in body else [],
                needs_out=body.get("needs_out", False),
            )  # fmt: skip
            if body.get("reference"):
                working.set_reference(
                    ticket_id=reported.ticket.pk, reference=body["reference"], actor=self.actor,
                    at=self.at,
                )  # fmt: skip
            return self._reply(reported.ticket.pk, 201 if reported.is_new else 200)

        return self.once(request, work)

    @extend_schema(request=NoteSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def note(self, request: Request, pk: int) -> Response:
        """Add a note, to a closed ticket as well."""
        return self._do(request, pk, NoteSerializer, working.note)

    @extend_schema(request=CloseSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Close it with what was done; refused while its checklist is not."""
        return self._do(request, pk, CloseSerializer, closing.close)

    @extend_schema(request=ReferenceSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def reference(self, request: Request, pk: int) -> Response:
        """Keep the number that it has in your system."""
        return self._do(request, pk, ReferenceSerializer, working.set_reference)

    def _subject(self, body: dict[str, Any]) -> Subject:
        """Return what is reported, if the user operates or repairs there; else it is not there."""
        if "compartment" in body:
            doors = Compartment.objects.select_related("bank").filter(self._works("bank"))
            return Subject.of_door(get_object_or_404(doors, pk=body["compartment"]))
        banks = Bank.objects.filter(self._works(""))
        return Subject.of_bank(get_object_or_404(banks, pk=body["bank"]))

    def _works(self, bank: str) -> Q:
        return self.within(bank, OPERATE) | self.within(bank, MAINTAIN)

    def _do(
        self,
        request: Request,
        pk: int,
        serializer: type[serializers.Serializer[Any]],
        verb: Callable[..., None],
    ) -> Response:
        row = get_object_or_404(self.get_queryset(MAINTAIN), pk=pk)
        body = self.checked(serializer)

        def work() -> Reply:
            verb(ticket_id=row.pk, actor=self.actor, at=self.at, **body)
            return self._reply(row.pk)

        return self.once(request, work)

    def _reply(self, pk: int, status: int = 200) -> Reply:
        # Read anew, with the line that was just written; whoever reports may see it.
        rows = Ticket.objects.select_related("compartment").prefetch_related("entries")
        return Reply(status, dict(TicketSerializer(rows.get(pk=pk)).data))
