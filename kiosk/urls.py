"""The terminal's addresses. Everything but the page and its enrolment asks for the token."""

from __future__ import annotations

from django.urls import path

from kiosk.views import acts, problems, screen, uses, visitors

urlpatterns = [
    path("", screen.screen, name="kiosk"),
    path("enrol", screen.enrol, name="kiosk-enrol"),
    path("bank", acts.bank, name="kiosk-bank"),
    path("scan", acts.scan, name="kiosk-scan"),
    path("claim", acts.claim, name="kiosk-claim"),
    path("open", acts.open_again, name="kiosk-open"),
    path("finish", acts.finish, name="kiosk-finish"),
    path("undo", acts.undo, name="kiosk-undo"),
    path("renew", uses.renew, name="kiosk-renew"),
    path("share", uses.share, name="kiosk-share"),
    path("end_share", uses.end_share, name="kiosk-end-share"),
    path("check_in", uses.check_in, name="kiosk-check-in"),
    path("join", uses.join, name="kiosk-join"),
    path("accept", uses.accept, name="kiosk-accept"),
    path("decline", uses.decline, name="kiosk-decline"),
    path("pin", acts.change_pin, name="kiosk-pin"),
    path("visitor", visitors.register, name="kiosk-visitor"),
    path("problem", problems.report, name="kiosk-problem"),
    path("ask", visitors.ask, name="kiosk-ask"),
    path("end", acts.end, name="kiosk-end"),
]
