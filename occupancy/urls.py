"""Addresses of the live map, under /map/."""

from __future__ import annotations

from django.urls import path

from occupancy.views import banks, doors, pages

urlpatterns = [
    path("", pages.first, name="map"),
    path("<int:site_id>/", pages.site, name="map-site"),
    path("<int:site_id>/drawing/", pages.drawing, name="map-drawing"),
    path("doors/<int:compartment_id>/", doors.story, name="map-door"),
    path("doors/<int:compartment_id>/open/", doors.open_door, name="map-door-open"),
    path("doors/<int:compartment_id>/release/", doors.release, name="map-door-release"),
    path("doors/<int:compartment_id>/service/", doors.service, name="map-door-service"),
    path("banks/<int:bank_id>/", banks.bank, name="map-bank"),
    path("banks/<int:bank_id>/open-all/", banks.request_opening, name="map-bank-open-all"),
    path("openings/<int:opening_id>/confirm/", banks.confirm, name="map-opening-confirm"),
    path("openings/<int:opening_id>/cancel/", banks.cancel, name="map-opening-cancel"),
]
