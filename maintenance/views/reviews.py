"""The occupancy review of a year or term: figures, and what to change."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from audit.actions import Action
from audit.services import events
from lockers.models import AcademicSession
from lockers.scoping import VIEW, sites_of
from maintenance import review_words, sheets
from maintenance.selectors import reviews
from occupancy.views.changes import LARGEST_ID, actor_of, user_of


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the years and terms that can be reviewed, the latest first."""
    sessions = (
        AcademicSession.objects.filter(
            site__in=sites_of(user_of(request), VIEW), starts_on__lte=timezone.now().date()
        )
        .select_related("site", "parent")
        .order_by("site__name", "-starts_on", "level")
    )
    return render(request, "upkeep/reviews.html", {"sessions": sessions[:200], "here": "reviews"})


@login_required
@require_safe
def one(request: HttpRequest, session_id: int) -> HttpResponse:
    """Show the review of a session: no person is in it."""
    session = _session_for(request, session_id)
    found = reviews.review_of(session, timezone.now())
    return render(
        request, "upkeep/review.html",
        {
            "session": session, "review": found, "here": "reviews",
            "sentences": [review_words.sentence(one) for one in found.advice],
            "tables": [
                (_("By bank and size"), [(one, review_words.faults(one)) for one in found.rows]),
                (_("By bank"), [(one, review_words.faults(one)) for one in found.banks]),
                (_("By size"), [(one, review_words.faults(one)) for one in found.sizes]),
            ],
        },
    )  # fmt: skip


@login_required
@require_safe
def workbook(request: HttpRequest, session_id: int) -> HttpResponse:
    """Hand out the review as a spreadsheet."""
    session = _session_for(request, session_id)
    at = timezone.now()
    found = reviews.review_of(session, at)
    events.record(
        action=Action.EXPORTED, actor=actor_of(request), at=at,
        organisation_id=session.site.organisation_id, site_id=session.site_id,
        subject=f"session:{session.pk}:review", data={"format": "xlsx"},
    )  # fmt: skip
    sheet = review_words.sheet(found, _("Occupancy review"), f"{session} · {session.site}")
    answer = HttpResponse(sheets.xlsx(sheet), content_type=sheets.XLSX)
    answer["Content-Disposition"] = f'attachment; filename="review-{session.pk}.xlsx"'
    return answer


def _session_for(request: HttpRequest, session_id: int) -> AcademicSession:
    return get_object_or_404(
        AcademicSession.objects.filter(site__in=sites_of(user_of(request), VIEW)).select_related(
            "site", "parent"
        ),
        pk=min(session_id, LARGEST_ID),
    )
