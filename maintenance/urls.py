"""Pages of those who keep the lockers in repair, under /upkeep/."""

from __future__ import annotations

from django.urls import path

from maintenance.views import (
    acts,
    collection_lists,
    collections,
    door_history,
    door_labels,
    doors,
    labels,
    pages,
    parts,
    reviews,
    rounds,
)

urlpatterns = [
    path("worker.js", rounds.worker, name="upkeep-worker"),
    path("", pages.mine, name="upkeep"),
    path("tickets/<int:ticket_id>/", pages.ticket, name="upkeep-ticket"),
    path("tickets/<int:ticket_id>/start/", acts.start, name="upkeep-start"),
    path("tickets/<int:ticket_id>/take/", acts.take, name="upkeep-take"),
    path("tickets/<int:ticket_id>/look/", acts.look, name="upkeep-look"),
    path("tickets/<int:ticket_id>/check/", acts.check, name="upkeep-check"),
    path("tickets/<int:ticket_id>/done/", acts.done, name="upkeep-done"),
    path("tickets/<int:ticket_id>/cancel/", acts.cancel, name="upkeep-cancel"),
    path("tickets/<int:ticket_id>/reopen/", acts.reopen, name="upkeep-reopen"),
    path("tickets/<int:ticket_id>/wait/", acts.wait, name="upkeep-wait"),
    path("tickets/<int:ticket_id>/note/", acts.note, name="upkeep-note"),
    path("tickets/<int:ticket_id>/minutes/", acts.minutes, name="upkeep-minutes"),
    path("tickets/<int:ticket_id>/photo/", acts.photo, name="upkeep-photo"),
    path("tickets/<int:ticket_id>/out/", acts.take_out, name="upkeep-out"),
    path("tickets/<int:ticket_id>/back/", acts.bring_back, name="upkeep-back"),
    path("tickets/<int:ticket_id>/parts/", parts.parts_of, name="upkeep-ticket-parts"),
    path("photos/<int:photo_id>.jpg", pages.picture, name="upkeep-picture"),
    path("doors/<int:compartment_id>/", doors.page, name="upkeep-door"),
    path("doors/<int:compartment_id>/report/", doors.report, name="upkeep-door-report"),
    path("doors/<int:compartment_id>/look/", doors.look, name="upkeep-door-look"),
    path("doors/<int:compartment_id>/label/", labels.page, name="door-label"),
    path("doors/<int:compartment_id>/label.png", labels.picture, name="door-label-picture"),
    path("doors/<int:compartment_id>/history/", door_history.history, name="door-history"),
    path("banks/<int:bank_id>/labels/", door_labels.labels, name="door-labels"),
    path("collections/", collections.mine, name="collections"),
    path("collections/<int:collection_id>/<int:form>/", collections.form, name="collection"),
    path(
        "collections/<int:collection_id>/<int:form>/open/",
        collections.open_doors,
        name="collection-open",
    ),
    path(
        "collections/<int:collection_id>/lists/<slug:what>.<slug:kind>",
        collection_lists.sheet,
        name="collection-list",
    ),
    path(
        "collections/<int:collection_id>/lines/<int:line_id>/say/",
        collections.say,
        name="collection-say",
    ),
    path("reviews/", reviews.mine, name="reviews"),
    path("reviews/<int:session_id>/", reviews.one, name="review"),
    path("reviews/<int:session_id>.xlsx", reviews.workbook, name="review-workbook"),
    path("rounds/", rounds.mine, name="rounds"),
    path("rounds/<int:round_id>/", rounds.one, name="round"),
    path("rounds/<int:round_id>/close/", rounds.close, name="round-close"),
    path("rounds/<int:round_id>/doors/<int:stop_id>/done/", rounds.done, name="round-done"),
    path("rounds/<int:round_id>/doors/<int:stop_id>/open/", rounds.open_door, name="round-open"),
    path("rounds/photos/<int:check_id>/", rounds.photo, name="round-photo"),
]
