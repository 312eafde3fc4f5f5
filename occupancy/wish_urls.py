"""Addresses of pupils' links, under /wishes/."""

from __future__ import annotations

from django.urls import path

from occupancy.views import wishes

urlpatterns = [
    path("draw/<str:code>/", wishes.draw, name="draw"),
    path("<str:link>/", wishes.wishes, name="wishes"),
    path("<str:link>/draw.json", wishes.draw_file, name="draw-file"),
]
