"""The addresses of a person on their phone, mounted at /me/."""

from __future__ import annotations

from django.urls import path

from kiosk.views import labels
from kiosk.views.me import acts, bookings, entry, installed, pages, problems, series

urlpatterns = [
    path("", pages.home, name="me"),
    path("in/", entry.sign_in, name="me-in"),
    path("in/code/", entry.code, name="me-code"),
    path("in/log-in/", entry.log_in, name="me-log-in"),
    path("in/<str:link>/", entry.link, name="me-link"),
    path("visit/<str:link>/", entry.visit, name="me-visit"),
    path("out/", entry.out, name="me-out"),
    path("switch/", entry.switch, name="me-switch"),
    path("at/<str:label>/", pages.at_bank, name="me-at"),
    path("get/", pages.get, name="me-get"),
    path("claim/", acts.claim, name="me-claim"),
    path("door/<int:claim_id>/", pages.door, name="me-door"),
    path("door/<int:claim_id>/open/", acts.open_door, name="me-open"),
    path("door/<int:claim_id>/finish/", acts.finish, name="me-finish"),
    path("door/<int:claim_id>/undo/", acts.undo, name="me-undo"),
    path("door/<int:claim_id>/renew/", acts.renew, name="me-renew"),
    path("door/<int:claim_id>/share/", acts.share, name="me-share"),
    path("door/<int:claim_id>/problem/", problems.ask, name="me-problem"),
    path("door/<int:claim_id>/report/", problems.report, name="me-report"),
    path("share/<int:share_id>/end/", acts.end_share, name="me-share-end"),
    path("book/", bookings.book, name="me-book"),
    path("reserve/", bookings.reserve, name="me-reserve"),
    path("booking/<int:claim_id>/cancel/", bookings.cancel, name="me-cancel"),
    path("booking/<int:claim_id>/check-in/", bookings.check_in, name="me-check-in"),
    path("series/<int:series_id>/", series.one, name="me-series"),
    path("series/<int:series_id>/end/", series.end, name="me-series-end"),
    path("wait/", acts.join, name="me-wait"),
    path("wait/<int:entry_id>/leave/", acts.leave, name="me-wait-leave"),
    path("offer/<int:offer_id>/accept/", acts.accept, name="me-offer-accept"),
    path("offer/<int:offer_id>/decline/", acts.decline, name="me-offer-decline"),
    path("pass/", pages.show_pass, name="me-pass"),
    path("pass/make/", acts.make_pass, name="me-pass-make"),
    path("history/", pages.history, name="me-history"),
    path("more/", pages.more, name="me-more"),
    path("away/", installed.away, name="me-away"),
    path("manifest.webmanifest", installed.manifest, name="me-manifest"),
    path("worker.js", installed.worker, name="me-worker"),
    path("label/<int:bank_id>/", labels.page, name="bank-label"),
    path("label/<int:bank_id>.png", labels.picture, name="bank-label-picture"),
]
