"""What the views share: whose sites, one page after another, and each change exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from rest_framework import serializers, viewsets
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from audit.services import idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from config.api.schema import Schema
from lockers.models import Site
from lockers.scoping import VIEW, places_of, within

_LARGEST_ID = 2**63 - 1


class Pages(CursorPagination):
    """Pages that neither skip nor repeat a row when others are added meanwhile."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        """Return the order that the resource names."""
        order: tuple[str, ...] = view.ordering
        return order


class IdField(serializers.IntegerField):
    """The number of a row; what no row can have is refused before the database is asked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=_LARGEST_ID, **kwargs)


class View(viewsets.GenericViewSet[Any]):
    """A resource. What a user may not see does not exist for them."""

    schema = Schema()
    pagination_class = Pages
    lookup_value_converter = "int"
    filter_serializer: type[serializers.Serializer[Any]] | None = None
    ordering: tuple[str, ...] = ("id",)

    def places(self) -> QuerySet[Site]:
        """Return the sites of which the user may see something."""
        return places_of(self.request.user)

    def within(self, bank: str, right: str = VIEW) -> Q:
        """Return the condition for rows whose bank the user holds a right on.

        Given for its site, for its area or for an area around that; superusers hold every one.
        """
        return within(self.request.user, right, bank)

    def wanted(self) -> dict[str, Any]:
        """Return the checked filters of the query string, only those that were given."""
        if self.filter_serializer is None:
            return {}
        filters = self.filter_serializer(data=self.request.query_params.dict())
        filters.is_valid(raise_exception=True)
        return dict(filters.validated_data)

    def checked(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the checked body of the request."""
        body = serializer(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def show_list(self, rows: QuerySet[Any]) -> Response:
        """Answer with one page of rows."""
        page = self.paginate_queryset(rows) or []
        self.look(page)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def look(self, rows: Iterable[Any]) -> None:
        """Read what the rows of a page need besides themselves; most need nothing."""

    def show(self, row: Model) -> Response:
        """Answer with one row."""
        return Response(self.get_serializer(row).data)

    def once(self, request: Request, work: Callable[[], Reply]) -> Response:
        """Do a change and answer, or repeat the first answer to this idempotency key."""
        reply = idempotency.once(
            scope=f"user:{request.user.pk}",
            key=request.headers.get("Idempotency-Key", ""),
            request=idempotency.fingerprint(request.method, request.path, request.data),
            work=work,
        )
        return Response(reply.body, status=reply.status)

    @property
    def actor(self) -> Actor:
        """Who acts: the staff member whose token or session it is."""
        assert self.request.user.pk is not None
        return Actor.staff(self.request.user.pk)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Fix the instant at which this request happens."""
        super().initial(request, *args, **kwargs)
        self.at = timezone.now()
