"""Requests for access: asking for somebody, and deciding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.choices import RequestSource, RequestStatus
from access.models import AccessRequest, Person, User
from access.services import requests
from audit.services.idempotency import Reply
from config.api.base import IdField, View
from lockers.models import Bank
from lockers.scoping import MANAGE, OPERATE, VIEW, sites_of


class AccessRequestSerializer(serializers.ModelSerializer[AccessRequest]):
    class Meta:
        model = AccessRequest
        fields = ["id", "person", "site", "bank", "starts_at", "ends_at", "reason", "source",
                  "status", "asked_at", "decided_at", "decision_reason"]  # fmt: skip


class AskSerializer(serializers.Serializer[Any]):
    person = IdField()
    site = IdField()
    bank = IdField(required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=300)


class AnswerSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class RefusalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class AccessRequestFilter(serializers.Serializer[Any]):
    site = IdField(required=False)
    person = IdField(required=False)
    status = serializers.ChoiceField(required=False, choices=RequestStatus.choices)


class AccessRequests(View):
    """Visitors and contractors use lockers only while they were given access."""

    serializer_class = AccessRequestSerializer
    filter_serializer = AccessRequestFilter
    ordering = ("-id",)

    def get_queryset(self, right: str = VIEW) -> QuerySet[AccessRequest]:
        """Return the requests of the sites that the user holds a right on."""
        return AccessRequest.objects.select_related("person", "site", "bank").filter(
            Q(site__in=sites_of(self.request.user, right)) | self.within("bank", right)
        )

    @extend_schema(parameters=[AccessRequestFilter])
    def list(self, request: Request) -> Response:
        """List requests, newest first."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one request."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=AskSerializer, responses={201: AccessRequestSerializer})
    def create(self, request: Request) -> Response:
        """Ask for access for a visitor or contractor; somebody else approves it."""
        body = self.checked(AskSerializer)
        site = get_object_or_404(sites_of(request.user, OPERATE), pk=body.pop("site"))
        person = get_object_or_404(
            Person, Q(organisation=site.organisation_id), pk=body.pop("person")
        )
        bank_id = body.pop("bank", None)
        bank = get_object_or_404(Bank, pk=bank_id, site=site) if bank_id is not None else None

        def work() -> Reply:
            asked = requests.ask(
                person=person,
                site=site,
                bank=bank,
                **body,
                source=RequestSource.API,
                actor=self.actor,
                at=self.at,
                user_id=request.user.pk,
            )
            return Reply(201, dict(AccessRequestSerializer(asked).data))

        return self.once(request, work)

    @extend_schema(request=AnswerSerializer, responses=AccessRequestSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: int) -> Response:
        """Give what is asked for."""
        return self._decide(request, pk, AnswerSerializer, requests.approve)

    @extend_schema(request=RefusalSerializer, responses=AccessRequestSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: int) -> Response:
        """Say no, with a reason."""
        return self._decide(request, pk, RefusalSerializer, requests.refuse)

    def _decide(
        self,
        request: Request,
        pk: int,
        serializer: type[serializers.Serializer[Any]],
        verb: Callable[..., AccessRequest],
    ) -> Response:
        asked = get_object_or_404(self.get_queryset(MANAGE), pk=pk)
        reason = self.checked(serializer)["reason"]
        user = cast(User, request.user)  # the API asks for a log-in

        def work() -> Reply:
            verb(request=asked, user=user, at=self.at, reason=reason)
            return Reply(200, dict(AccessRequestSerializer(asked).data))

        return self.once(request, work)
