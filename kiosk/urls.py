"""The terminal's addresses. Everything but the page and its enrolment asks for the token."""

from __future__ import annotations

from django.urls import path

from kiosk.views import acts, screen, visitors

urlpatterns = [
    path("", screen.screen, name="kiosk"),
    path("enrol", screen.enrol, name="kiosk-enrol"),
    path("bank", acts.bank, name="kiosk-bank"),
    path("scan", acts.scan, name="kiosk-scan"),
    path("claim", acts.claim, name="kiosk-claim"),
    path("open", acts.open_again, name="kiosk-open"),
    path("finish", acts.finish, name="kiosk-finish"),
    path("undo", acts.undo, name="kiosk-undo"),
    path("pin", acts.change_pin, name="kiosk-pin"),
    path("visitor", visitors.register, name="kiosk-visitor"),
    path("ask", visitors.ask, name="kiosk-ask"),
    path("end", acts.end, name="kiosk-end"),
]
