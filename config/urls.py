"""Every address of the product; each app lists its own."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from config import metrics, views
from kiosk.views import bridges, phone
from maintenance.views import reports

# The administration asks for the same log-in as everything else, with its limits and second step.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as documented

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz/", views.health, name="health"),
    path("metrics/", metrics.metrics, name="metrics"),
    path("map/", include("occupancy.urls")),
    path("wishes/", include("occupancy.wish_urls")),
    path("form/", include("occupancy.form_urls")),
    path("upkeep/", include("maintenance.urls")),
    path("d/<str:code>/", reports.report, name="door-report"),
    path("kiosk/", include("kiosk.urls")),
    path("me/", include("kiosk.me_urls")),
    path("requests/", include("access.urls")),
    path("pass/<str:link>/", phone.show_pass, name="pass"),
    path("bridge/enrol/", bridges.enrol, name="bridge-enrol"),
    path("setup/", include("config.setup.urls")),
    path("api/v1/", include("config.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("account/", include("config.account.urls")),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
