"""Waiting lists: who waits for a door of an area and size, and what is offered to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import Person
from audit.services.idempotency import Reply
from config.api.base import IdField, View
from config.api.shown_assignments import AssignmentSerializer
from lockers.models import Bank, Size
from lockers.scoping import OPERATE, VIEW
from occupancy.errors.waiting import NothingOffered
from occupancy.models import Assignment, Offer, WaitingEntry
from occupancy.selectors.waiting import Waiting, places
from occupancy.services.queue import offers, waiting


class OfferSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    compartment = serializers.IntegerField(source="compartment_id")
    number = serializers.CharField(help_text="What the door says.")
    bank = serializers.IntegerField(source="bank_id")
    until = serializers.DateTimeField(help_text="Until then nobody else gets the door.")


class WaitingSerializer(serializers.ModelSerializer[WaitingEntry]):
    closed_how = serializers.CharField(
        read_only=True, help_text="How it ended: got, left, declined, lapsed or gone."
    )
    position = serializers.SerializerMethodField(help_text="From 1; nothing once it is over.")
    expected_seconds = serializers.SerializerMethodField(
        help_text="How long it takes, as doors came free of late; nothing: not known yet."
    )
    offer = serializers.SerializerMethodField()

    class Meta:
        model = WaitingEntry
        fields = ["id", "person", "site", "area", "size", "bank", "joined_at", "closed_at",
                  "closed_how", "position", "expected_seconds", "offer"]  # fmt: skip

    def get_position(self, entry: WaitingEntry) -> int | None:
        """Return how many come first, and one."""
        place = self._place(entry)
        return place.position if place is not None else None

    def get_expected_seconds(self, entry: WaitingEntry) -> int | None:
        """Return the expected wait."""
        place = self._place(entry)
        if place is None or place.expected is None:
            return None
        return int(place.expected.total_seconds())

    @extend_schema_field(OfferSerializer(allow_null=True))
    def get_offer(self, entry: WaitingEntry) -> dict[str, Any] | None:
        """Return what is held for the person now."""
        place = self._place(entry)
        if place is None or place.offer is None:
            return None
        return dict(OfferSerializer(place.offer).data)

    def _place(self, entry: WaitingEntry) -> Waiting | None:
        found: Waiting | None = self.context["places"].get(entry.pk)
        return found


class JoinSerializer(serializers.Serializer[Any]):
    person = IdField()
    bank = IdField()
    size = IdField()


class WaitingFilter(serializers.Serializer[Any]):
    site = IdField(required=False)
    area = IdField(required=False)
    size = IdField(required=False)
    person = IdField(required=False)
    is_over = serializers.BooleanField(
        required=False, default=False, help_text="Places that are over instead of open ones."
    )


class WaitingLists(View):
    """Places on waiting lists, in the order of joining."""

    serializer_class = WaitingSerializer
    filter_serializer = WaitingFilter
    ordering = ("joined_at", "id")
    known: dict[int, Waiting] = {}

    def get_queryset(self, right: str = VIEW) -> QuerySet[WaitingEntry]:
        """Return the places at the banks that the user holds a right on."""
        return WaitingEntry.objects.filter(self.within("bank", right))

    def get_serializer_context(self) -> dict[str, Any]:
        """Add positions and offers."""
        return {**super().get_serializer_context(), "places": self.known}

    def look(self, rows: Iterable[Any]) -> None:
        """Read positions and offers of a whole page."""
        self.known = places([row.pk for row in rows], self.at)

    @extend_schema(parameters=[WaitingFilter])
    def list(self, request: Request) -> Response:
        """List who waits, in the order of joining."""
        wanted = self.wanted()
        is_over = wanted.pop("is_over", False)
        rows = self.get_queryset().filter(**wanted, closed_at__isnull=not is_over)
        return self.show_list(rows)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one place."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        self.look([row])
        return self.show(row)

    @extend_schema(request=JoinSerializer, responses={201: WaitingSerializer})
    def create(self, request: Request) -> Response:
        """Put a person on the list of a bank's area and a size; a free door is offered at once."""
        body = self.checked(JoinSerializer)
        bank = get_object_or_404(
            Bank.objects.select_related("site").filter(self.within("", OPERATE)), pk=body["bank"]
        )
        of = {"organisation_id": bank.site.organisation_id}
        person = get_object_or_404(Person, pk=body["person"], **of)
        size = get_object_or_404(Size, pk=body["size"], **of)

        def work() -> Reply:
            entry = waiting.join(
                person_id=person.pk, bank_id=bank.pk, size_id=size.pk, actor=self.actor, at=self.at
            )
            return Reply(201, self._told(entry))

        return self.once(request, work)

    @extend_schema(request=None, responses=WaitingSerializer)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: int) -> Response:
        """Take the person off the list; what is held for them is offered to the next."""
        return self._change(
            request, pk,
            lambda row: waiting.leave(
                entry_id=row.pk, person_id=row.person_id, actor=self.actor, at=self.at
            ),
        )  # fmt: skip

    @extend_schema(request=None, responses=WaitingSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: int) -> Response:
        """Say no to what is offered; it is offered to the next, and the place is over."""
        return self._change(
            request, pk,
            lambda row: waiting.decline(
                offer_id=self._offer(row), person_id=row.person_id, actor=self.actor, at=self.at
            ),
        )  # fmt: skip

    @extend_schema(request=None, responses={201: AssignmentSerializer})
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: int) -> Response:
        """Give the person what is offered to them; the door opens when they are there."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)

        def work() -> Reply:
            claimed = waiting.accept(
                offer_id=self._offer(row), person_id=row.person_id, actor=self.actor, at=self.at
            )
            got = Assignment.objects.select_related("compartment__bank").get(pk=claimed.claim_id)
            return Reply(201, dict(AssignmentSerializer(got).data))

        return self.once(request, work)

    def _offer(self, row: WaitingEntry) -> int:
        """Return the offer that stands; raises NothingOffered."""
        offer = Offer.objects.filter(offers.standing(self.at), entry=row).first()
        if offer is None:
            raise NothingOffered
        return offer.pk

    def _change(
        self, request: Request, pk: int, change: Callable[[WaitingEntry], None]
    ) -> Response:
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)

        def work() -> Reply:
            change(row)
            row.refresh_from_db()
            return Reply(200, self._told(row))

        return self.once(request, work)

    def _told(self, row: WaitingEntry) -> dict[str, Any]:
        self.look([row])
        return dict(WaitingSerializer(row, context={"places": self.known}).data)
