"""Every address of the API, and one JSON answer for those that are none."""

from __future__ import annotations

from typing import Any, NoReturn

from django.urls import include, path, re_path
from django.views.generic import RedirectView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from config.api import schema
from config.api.access_requests import AccessRequests
from config.api.assignments import Assignments
from config.api.battery_readings import BatteryReadings
from config.api.commands import Commands
from config.api.compartments import Compartments
from config.api.desk_bookings import DeskBookings
from config.api.door_groups import Groups
from config.api.events import Events
from config.api.keys import Keys, Locks
from config.api.lost_property import LostProperty
from config.api.policies import Policies
from config.api.recoveries import Recoveries
from config.api.reservations import Reservations
from config.api.series import SeriesOfBookings
from config.api.sites import Banks, Sites
from config.api.tickets import Tickets
from config.api.waiting import WaitingLists


class Nothing(APIView):
    """What is at an address that is none."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Say so, after the log-in was checked and whatever the method is."""
        super().initial(request, *args, **kwargs)
        raise NotFound


router = SimpleRouter(use_regex_path=False)
router.register("sites", Sites, basename="api-site")
router.register("banks", Banks, basename="api-bank")
router.register("compartments", Compartments, basename="api-compartment")
router.register("assignments", Assignments, basename="api-assignment")
router.register("waiting", WaitingLists, basename="api-waiting")
router.register("reservations", Reservations, basename="api-reservation")
router.register("series", SeriesOfBookings, basename="api-series")
router.register("desk-bookings", DeskBookings, basename="api-desk-booking")
router.register("recoveries", Recoveries, basename="api-recovery")
router.register("lost-property", LostProperty, basename="api-lost-item")
router.register("tickets", Tickets, basename="api-ticket")
router.register("access-requests", AccessRequests, basename="api-access-request")
router.register("locks", Locks, basename="api-lock")
router.register("keys", Keys, basename="api-key")
router.register("battery-readings", BatteryReadings, basename="api-battery-reading")
router.register("policies", Policies, basename="api-policy")
router.register("door-groups", Groups, basename="api-door-group")
router.register("commands", Commands, basename="api-command")
router.register("events", Events, basename="api-event")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="api-docs"), name="api-root"),
    path("schema/", schema.schema, name="api-schema"),
    path("docs/", schema.page, name="api-docs"),
    path("", include(router.urls)),
    # Only with the slash, so that an address without it is sent on as everywhere else.
    re_path(r"^.*/$", Nothing.as_view(schema=None), name="api-nothing"),
]
