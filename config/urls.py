"""Every address of the product; each app lists its own."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import views
from kiosk.views import bridges

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz/", views.health, name="health"),
    path("map/", include("occupancy.urls")),
    path("kiosk/", include("kiosk.urls")),
    path("bridge/enrol/", bridges.enrol, name="bridge-enrol"),
    path("setup/", include("config.setup.urls")),
    path("api/v1/", include("config.api")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
