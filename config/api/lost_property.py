"""Lost property: what is kept, for whom, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.choices import SignedHow
from access.signatures import Signature
from audit.services.idempotency import Reply
from config.api.base import IdField, View
from config.api.photo_field import PhotoField
from lockers.models import Site
from lockers.scoping import OPERATE, VIEW, sites_of
from occupancy.choices import ItemStatus
from occupancy.models import LostItem
from occupancy.models.lost_property import KEPT_DAYS
from occupancy.services.ending import lost_property
from occupancy.services.ending.lost_property import Found


class LostItemSerializer(serializers.ModelSerializer[LostItem]):
    person = serializers.IntegerField(
        source="owner_id", allow_null=True, help_text="Whose it is, if that is known."
    )
    has_photo = serializers.BooleanField(
        source="photo", help_text="The administration shows it to staff of the site."
    )

    class Meta:
        model = LostItem
        fields = ["id", "site", "compartment", "recovery", "person", "what", "stored_where",
                  "seal_number", "witness", "has_photo", "found_at", "kept_days", "status",
                  "proposed_at", "ended_at", "claimed_by", "disposed_how"]  # fmt: skip


class FoundSerializer(serializers.Serializer[Any]):
    what = serializers.CharField(max_length=200)
    stored_where = serializers.CharField(max_length=120)
    seal_number = serializers.CharField(max_length=40, required=False)
    witness = serializers.CharField(max_length=120, required=False)
    kept_days = serializers.ChoiceField(choices=KEPT_DAYS, required=False)
    photo = PhotoField(required=False)

    @staticmethod
    def found(body: dict[str, Any]) -> Found:
        """Return what was found, as the register takes it."""
        return Found(**{name: body[name] for name in Found.__dataclass_fields__ if name in body})


class FoundAtSiteSerializer(FoundSerializer):
    site = IdField()


class HandOutSerializer(serializers.Serializer[Any]):
    to = serializers.CharField(max_length=120, help_text="To whom it is handed.")
    signed_by = serializers.CharField(max_length=120, help_text="The name of who signs, typed.")


class DisposeSerializer(serializers.Serializer[Any]):
    how = serializers.CharField(max_length=200, help_text="Such as: given to charity.")


class LostItemFilter(serializers.Serializer[Any]):
    site = IdField(required=False)
    compartment = IdField(required=False)
    recovery = IdField(required=False)
    person = IdField(required=False, source="owner")
    status = serializers.ChoiceField(choices=ItemStatus.choices, required=False)
    may_go = serializers.BooleanField(
        required=False, help_text="Only what was kept long enough, or only the rest."
    )


class LostProperty(View):
    """What was found, newest first. A thing of a recovery is stored there."""

    serializer_class = LostItemSerializer
    filter_serializer = LostItemFilter
    ordering = ("-id",)

    def get_queryset(self, right: str = VIEW) -> QuerySet[LostItem]:
        """Return what was found where the user holds a right."""
        return LostItem.objects.filter(
            Q(site__in=sites_of(self.request.user, right)) | self.within("compartment__bank", right)
        )

    @extend_schema(parameters=[LostItemFilter])
    def list(self, request: Request) -> Response:
        """List lost property, newest first."""
        wanted = self.wanted()
        may_go = wanted.pop("may_go", None)
        rows = self.get_queryset().filter(**wanted)
        if may_go is not None:
            goes = lost_property.to_go(self.at)
            rows = rows.filter(goes if may_go else ~goes)
        return self.show_list(rows)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one thing."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=FoundAtSiteSerializer, responses={201: LostItemSerializer})
    def create(self, request: Request) -> Response:
        """Put something into the register that was found at a site, outside of a recovery."""
        body = self.checked(FoundAtSiteSerializer)
        mine: QuerySet[Site] = sites_of(request.user, OPERATE)
        site = get_object_or_404(mine, pk=body["site"])

        def work() -> Reply:
            item = lost_property.store(
                site=site, found=FoundSerializer.found(body), actor=self.actor, at=self.at
            )
            return Reply(201, dict(LostItemSerializer(item).data))

        return self.once(request, work)

    @extend_schema(request=HandOutSerializer, responses=LostItemSerializer)
    @action(detail=True, methods=["post"], url_path="hand-out")
    def hand_out(self, request: Request, pk: int) -> Response:
        """Hand a thing out to somebody who signs for it with their name."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self.checked(HandOutSerializer)

        def work() -> Reply:
            lost_property.hand_out(
                item_id=row.pk, to=body["to"], user_id=int(request.user.pk or 0), at=self.at,
                signature=Signature(body["signed_by"], SignedHow.TYPED),
            )  # fmt: skip
            return self._now(row)

        return self.once(request, work)

    @extend_schema(request=DisposeSerializer, responses=LostItemSerializer)
    @action(detail=True, methods=["post"])
    def dispose(self, request: Request, pk: int) -> Response:
        """Dispose of a thing that was kept long enough, and say how."""
        row = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self.checked(DisposeSerializer)

        def work() -> Reply:
            lost_property.dispose(
                item_id=row.pk, how=body["how"], user_id=int(request.user.pk or 0), at=self.at
            )
            return self._now(row)

        return self.once(request, work)

    def _now(self, row: LostItem) -> Reply:
        row.refresh_from_db()
        return Reply(200, dict(LostItemSerializer(row).data))
