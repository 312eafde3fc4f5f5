"""From the panel of a door: one adult asks for it to be opened, in the presence of a second."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lockers.scoping import OPERATE
from occupancy.choices import SearchKind
from occupancy.forms.searches import AskForm
from occupancy.services.custody import searches
from occupancy.views.changes import door_for, once, user_of
from occupancy.views.panels import panel


@login_required
@require_POST
def ask(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Ask for a door that somebody keeps to be opened; nothing opens yet."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = AskForm(request.POST)

    def work() -> str:
        searches.ask(
            compartment_id=door.pk,
            kind=SearchKind(form.cleaned_data["kind"]),
            reason=form.cleaned_data["reason"],
            user_id=user_of(request).pk,
            at=timezone.now(),
        )
        return _("Asked. A second adult confirms within five minutes, from their own log-in.")

    return panel(request, door, once(request, form, work))
