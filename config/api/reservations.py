"""Reservations: booking a door for a window to come, and coming for it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import Person
from audit.services.idempotency import Reply
from config.api.assignments import ClaimedSerializer
from config.api.base import IdField, View
from config.api.shown_assignments import AssignmentSerializer, Claims, ConfirmedSerializer
from lockers.models import Bank, Compartment, Size
from lockers.scoping import OPERATE, VIEW
from occupancy.choices import ClaimKind
from occupancy.models import Assignment, Claim
from occupancy.services.bookings import reservations
from occupancy.services.bookings.reservations import Wanted


class ReservationSerializer(ConfirmedSerializer):
    person = serializers.IntegerField(source="holder_id")
    number = serializers.CharField(source="compartment.number", help_text="What the door says.")
    bank = serializers.IntegerField(source="compartment.bank_id")
    site = serializers.IntegerField(source="compartment.bank.site_id")
    ends_at = serializers.DateTimeField(source="due_at", help_text="What the person is told.")
    lapses_at = serializers.DateTimeField(help_text="From then on nobody keeps it for them.")

    class Meta:
        model = Claim
        fields = ["id", "person", "compartment", "number", "bank", "site", "policy", "starts_at",
                  "ends_at", "lapses_at", "closed_at", "closed_how", "confirmed"]  # fmt: skip


class WindowSerializer(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class BookSerializer(WindowSerializer):
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


class CancelSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class ReservationFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="compartment__bank__site")
    bank = IdField(required=False, source="compartment__bank")
    compartment = IdField(required=False)
    person = IdField(required=False, source="holder")
    standing = serializers.BooleanField(
        required=False, help_text="Only those that keep a door, or only the others."
    )


def place_of(view: View, body: dict[str, Any]) -> tuple[Bank, Person, Wanted]:
    """Return bank, person and wish of a body; what the user may not see does not exist."""
    bank = get_object_or_404(
        Bank.objects.select_related("site").filter(view.within("", OPERATE)), pk=body["bank"]
    )
    organisation_id = bank.site.organisation_id
    person = get_object_or_404(Person, pk=body["person"], organisation_id=organisation_id)
    wanted = Wanted(size_id=body.get("size"), compartment_id=body.get("compartment"))
    if wanted.size_id is not None:
        get_object_or_404(Size, pk=wanted.size_id, organisation_id=organisation_id)
    if wanted.compartment_id is not None:
        get_object_or_404(Compartment, pk=wanted.compartment_id, bank=bank)
    return bank, person, wanted


class Reservations(Claims):
    """Doors that are booked for a window to come, newest first.

    Once somebody has checked in it is an assignment.
    """

    serializer_class = ReservationSerializer
    filter_serializer = ReservationFilter
    ordering = ("-id",)

    def get_queryset(self, right: str = VIEW) -> QuerySet[Claim]:
        """Return the bookings of the banks that the user holds a right on."""
        return Claim.objects.select_related("compartment__bank").filter(
            self.within("compartment__bank", right), kind=ClaimKind.RESERVATION
        )

    @extend_schema(parameters=[ReservationFilter])
    def list(self, request: Request) -> Response:
        """List reservations, newest first."""
        wanted = self.wanted()
        standing = wanted.pop("standing", None)
        rows = self.get_queryset().filter(**wanted)
        if standing is not None:
            stands = reservations.stands(self.at)
            rows = rows.filter(stands) if standing else rows.exclude(stands)
        return self.show_list(rows)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one reservation."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=BookSerializer, responses={201: ReservationSerializer})
    def create(self, request: Request) -> Response:
        """Book a door of a bank for a person, from a minute to a minute."""
        body = self.checked(BookSerializer)
        bank, person, wanted = place_of(self, body)

        def work() -> Reply:
            got = reservations.reserve(
                person_id=person.pk, bank_id=bank.pk, wanted=wanted,
                starts_at=body["starts_at"], ends_at=body["ends_at"], actor=self.actor, at=self.at,
            )  # fmt: skip
            return Reply(201, self._shown(got.claim_id))

        return self.once(request, work)

    @extend_schema(request=WindowSerializer, responses=ReservationSerializer)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, pk: int) -> Response:
        """Give a reservation another window, at its door or the next best."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self.checked(WindowSerializer)

        def work() -> Reply:
            reservations.change(claim_id=row.pk, actor=self.actor, at=self.at, **body)
            return Reply(200, self._shown(row.pk))

        return self.once(request, work)

    @extend_schema(request=CancelSerializer, responses=ReservationSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Call a reservation off, with a reason."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self.checked(CancelSerializer)

        def work() -> Reply:
            reservations.cancel(
                claim_id=row.pk, actor=self.actor, at=self.at, reason=body["reason"]
            )
            return Reply(200, self._shown(row.pk))

        return self.once(request, work)

    @extend_schema(request=None, responses=ClaimedSerializer)
    @action(detail=True, methods=["post"])
    def check_in(self, request: Request, pk: int) -> Response:
        """Check in whoever booked it, and open the door: it is an assignment from then on."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        assert row.holder_id is not None  # by constraint
        person_id = row.holder_id

        def work() -> Reply:
            got = reservations.check_in(
                claim_id=row.pk, person_id=person_id, actor=self.actor, at=self.at
            )
            begun = Assignment.objects.select_related("compartment__bank").get(pk=row.pk)
            shown = dict(AssignmentSerializer(begun).data)
            return Reply(200, {**shown, "command": str(got.command_id)})

        return self.once(request, work)

    def _shown(self, claim_id: int) -> dict[str, Any]:
        return dict(ReservationSerializer(self.get_queryset().get(pk=claim_id)).data)
