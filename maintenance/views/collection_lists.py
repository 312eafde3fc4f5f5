"""The lists of a collection as files: for a spreadsheet, or to print."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit import exports
from audit.actions import Action
from audit.services import events
from maintenance import sheets
from maintenance.models import Collection
from maintenance.selectors import collection_lists, collections
from occupancy.views.changes import LARGEST_ID, actor_of, user_of


@login_required
@require_safe
def sheet(request: HttpRequest, collection_id: int, what: str, kind: str) -> HttpResponseBase:
    """Hand out a list of a collection: csv, xlsx or pdf."""
    found = Collection.objects.filter(collections.of_office(user_of(request)))
    one = get_object_or_404(found.select_related("site"), pk=min(collection_id, LARGEST_ID))
    if what not in collection_lists.SHEETS or kind not in ("csv", "xlsx", "pdf"):
        raise Http404
    made = collection_lists.SHEETS[what](one)
    events.record(
        action=Action.EXPORTED, actor=actor_of(request), at=timezone.now(),
        organisation_id=one.site.organisation_id, site_id=one.site_id,
        subject=f"collection:{one.pk}:{what}", data={"rows": len(made.rows), "format": kind},
    )  # fmt: skip
    name = f"{what}-{one.pk}.{kind}"
    if kind == "csv":
        return exports.response(request, [made.heads, *made.rows], name)
    content = sheets.xlsx(made) if kind == "xlsx" else sheets.pdf(made)
    types = {"xlsx": sheets.XLSX, "pdf": "application/pdf"}
    answer = HttpResponse(content, content_type=types[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
