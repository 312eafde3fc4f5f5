"""Desk bookings of another system: a door near the desk, which follows what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import Person
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.idempotency import Reply
from config.api.base import IdField, View
from lockers.models import Area, Size
from lockers.scoping import OPERATE, VIEW, banks_of
from occupancy.models import DeskBooking
from occupancy.services.bookings import desks
from occupancy.services.bookings.reservations import Reserved, Wanted


class DeskBookingSerializer(serializers.ModelSerializer[DeskBooking]):
    reservation = serializers.IntegerField(source="claim_id")
    person = serializers.IntegerField(source="claim.holder_id")
    bank = serializers.IntegerField(source="claim.compartment.bank_id")
    number = serializers.CharField(source="claim.compartment.number")
    starts_at = serializers.DateTimeField(source="claim.starts_at")
    ends_at = serializers.DateTimeField(source="claim.due_at")
    closed_at = serializers.DateTimeField(source="claim.closed_at")

    class Meta:
        model = DeskBooking
        fields = ["external_id", "desk", "reservation", "person", "bank", "number", "starts_at",
                  "ends_at", "closed_at"]  # fmt: skip


class DeskSerializer(serializers.Serializer[Any]):
    """Near the desk: in its area first, or where "close by" of a bank names it."""

    person = IdField()
    site = IdField()
    area = IdField(required=False)
    desk = serializers.CharField(max_length=200, required=False, default="")
    size = IdField(required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class NewDeskSerializer(DeskSerializer):
    external_id = serializers.CharField(max_length=120)


class CancelledDeskSerializer(serializers.Serializer[Any]):
    site = IdField(required=False)


class DeskBookings(View):
    """Desk bookings of another system, each by its own number there.

    The same again changes nothing, so that PUT and DELETE need no idempotency key.
    """

    serializer_class = DeskBookingSerializer
    ordering = ("-id",)
    lookup_field = "external_id"
    lookup_value_converter = "str"

    def get_queryset(self, right: str = VIEW) -> QuerySet[DeskBooking]:
        """Return those whose door is at a bank that the user holds a right on."""
        return DeskBooking.objects.select_related("claim__compartment__bank__site").filter(
            self.within("claim__compartment__bank", right), claim__isnull=False
        )

    def list(self, request: Request) -> Response:
        """List desk bookings, newest first."""
        return self.show_list(self.get_queryset())

    def retrieve(self, request: Request, external_id: str) -> Response:
        """Show one desk booking."""
        return self.show(get_object_or_404(self.get_queryset(), external_id=external_id))

    @extend_schema(request=NewDeskSerializer, responses={201: DeskBookingSerializer})
    def create(self, request: Request) -> Response:
        """Book a door near a desk for a desk booking."""
        body = self.checked(NewDeskSerializer)
        put = self._put(body["external_id"], body)
        return self.once(request, lambda: Reply(201, self._shown(put())))

    @extend_schema(request=DeskSerializer, responses=DeskBookingSerializer)
    def update(self, request: Request, external_id: str) -> Response:
        """Let the reservation be what the desk booking is now, whether it was known or not."""
        put = self._put(external_id, self.checked(DeskSerializer))
        return self._settled(lambda: Reply(200, self._shown(put())))

    @extend_schema(parameters=[CancelledDeskSerializer], responses={204: None})
    def destroy(self, request: Request, external_id: str) -> Response:
        """Cancel what was booked for it, if it still stands; who has checked in keeps the door.

        Name the site, and a cancellation that overtakes its booking is remembered for a day.
        """
        asked = CancelledDeskSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        row = self.get_queryset(OPERATE).filter(external_id=external_id).first()
        organisation_id = row.organisation_id if row is not None else self._of_site(
            asked.validated_data.get("site"), external_id
        )  # fmt: skip

        def work() -> Reply:
            desks.remove(
                organisation_id=organisation_id, external_id=external_id, actor=self.actor,
                at=self.at,
            )  # fmt: skip
            return Reply(204, {})

        return self._settled(work)

    def _of_site(self, site_id: int | None, external_id: str) -> int:
        """Return whose a number is that is not known yet; what others booked does not exist."""
        mine = banks_of(self.request.user, OPERATE).filter(site=site_id)
        bank = mine.select_related("site").first() if site_id is not None else None
        if bank is None:
            raise Http404
        taken = DeskBooking.objects.filter(
            organisation=bank.site.organisation_id, external_id=external_id, claim__isnull=False
        )
        if taken.exists():
            raise Http404
        return bank.site.organisation_id

    def _put(self, external_id: str, body: dict[str, Any]) -> Callable[[], Reserved]:
        """Return what puts the booking; what the user may not see does not exist."""
        mine = set(banks_of(self.request.user, OPERATE).values_list("pk", flat=True))
        area_id = body.get("area")
        if area_id is not None:
            get_object_or_404(Area, pk=area_id, site=body["site"])
        near = desks.banks_near(site_id=body["site"], area_id=area_id, desk=body["desk"])
        banks = [bank_id for bank_id in near if bank_id in mine]
        if not banks:
            raise Http404
        person = get_object_or_404(Person, pk=body["person"], organisation__sites=body["site"])
        organisation_id = person.organisation_id
        known = DeskBooking.objects.filter(
            organisation=organisation_id, external_id=external_id
        ).exclude(Q(claim__isnull=True) | Q(claim__compartment__bank__in=mine))
        if known.exists():
            raise Http404
        if body.get("size") is not None:
            get_object_or_404(Size, pk=body["size"], organisation_id=organisation_id)
        return lambda: desks.put(
            organisation_id=organisation_id, external_id=external_id, person_id=person.pk,
            bank_ids=banks, wanted=Wanted(size_id=body.get("size")),
            starts_at=body["starts_at"], ends_at=body["ends_at"], actor=self.actor, at=self.at,
            desk=body["desk"], area_id=area_id,
        )  # fmt: skip

    def _shown(self, got: Reserved) -> dict[str, Any]:
        row = self.get_queryset().get(claim=got.claim_id)
        return dict(DeskBookingSerializer(row).data)

    def _settled(self, work: Callable[[], Reply]) -> Response:
        try:
            reply = idempotency.run(work)
        except Refusal as refusal:
            idempotency.settle(refusal)
            return Response(refusal.body(), status=refusal.http_status)
        return Response(reply.body or None, status=reply.status)
