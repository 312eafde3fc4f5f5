"""Sites and banks, to read."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.base import IdField, View
from lockers import presence
from lockers.models import Bank, Site


class SiteSerializer(serializers.ModelSerializer[Site]):
    class Meta:
        model = Site
        fields = ["id", "organisation", "name", "kind", "time_zone"]


class BankSerializer(serializers.ModelSerializer[Bank]):
    is_online = serializers.SerializerMethodField(help_text="Whether its bridge is connected.")

    class Meta:
        model = Bank
        fields = ["id", "site", "area", "name", "directions", "is_online"]

    def get_is_online(self, bank: Bank) -> bool:
        """Say whether the bank's doors can be opened now."""
        told = getattr(bank.bridge, "presence", None)
        if told is None:
            return False
        return presence.is_online(
            told.connection is not None, told.last_seen_at, self.context["view"].at
        )


class BankFilter(serializers.Serializer[Any]):
    site = IdField(required=False)


class Sites(View):
    """The sites where you may look."""

    serializer_class = SiteSerializer

    def get_queryset(self) -> QuerySet[Site]:
        """Return the sites that the user may see."""
        return self.places()

    def list(self, request: Request) -> Response:
        """List the sites that you may see."""
        return self.show_list(self.get_queryset())

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one site."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))


class Banks(View):
    """Blocks of doors."""

    serializer_class = BankSerializer
    filter_serializer = BankFilter

    def get_queryset(self) -> QuerySet[Bank]:
        """Return the banks of the sites that the user may see."""
        return Bank.objects.select_related("bridge__presence").filter(self.within(""))

    @extend_schema(parameters=[BankFilter])
    def list(self, request: Request) -> Response:
        """List banks, of one site if you like."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one bank."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))
