"""Addresses of the live map, under /map/."""

from __future__ import annotations

from django.urls import path

from occupancy.views import banks, custody, day_ends, doors, pages, searches

urlpatterns = [
    path("", pages.first, name="map"),
    path("<int:site_id>/", pages.site, name="map-site"),
    path("<int:site_id>/drawing/", pages.drawing, name="map-drawing"),
    path("<int:site_id>/end-of-day/", day_ends.site, name="day-end-new"),
    path("day-ends/<int:day_end_id>/", day_ends.progress, name="day-end"),
    path("day-ends/<int:day_end_id>/go-on/", day_ends.go_on, name="day-end-go-on"),
    path("day-ends/<int:day_end_id>/release/", day_ends.release, name="day-end-release"),
    path("doors/<int:compartment_id>/", doors.story, name="map-door"),
    path("doors/<int:compartment_id>/open/", doors.open_door, name="map-door-open"),
    path("doors/<int:compartment_id>/release/", doors.release, name="map-door-release"),
    path("doors/<int:compartment_id>/recover/", doors.recover, name="map-door-recover"),
    path("doors/<int:compartment_id>/service/", doors.service, name="map-door-service"),
    path("doors/<int:compartment_id>/people/", custody.people, name="map-door-people"),
    path("doors/<int:compartment_id>/give/", custody.give, name="map-door-give"),
    path("doors/<int:compartment_id>/renew/", custody.renew, name="map-door-renew"),
    path("doors/<int:compartment_id>/transfer/", custody.transfer, name="map-door-transfer"),
    path("doors/<int:compartment_id>/move/", custody.move, name="map-door-move"),
    path("doors/<int:compartment_id>/share/", custody.share, name="map-door-share"),
    path("doors/<int:compartment_id>/end-share/", custody.end_share, name="map-door-end-share"),
    path("doors/<int:compartment_id>/search/", searches.ask, name="map-door-search"),
    path("banks/<int:bank_id>/", banks.bank, name="map-bank"),
    path("banks/<int:bank_id>/open-all/", banks.request_opening, name="map-bank-open-all"),
    path("openings/<int:opening_id>/confirm/", banks.confirm, name="map-opening-confirm"),
    path("openings/<int:opening_id>/cancel/", banks.cancel, name="map-opening-cancel"),
]
