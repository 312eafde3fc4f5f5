"""Wrong PINs as they are counted, and the way out for an honest person."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin import EmptyFieldListFilter
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.forms import ClearForm
from access.models import Throttle
from access.services import throttles
from audit.services.events import Actor
from lockers.scoping import SiteScopedAdmin


@admin.register(Throttle)
class ThrottleAdmin(SiteScopedAdmin):
    """Screens belong to their site, people to who sees them; each is cleared with a reason."""

    is_history = True
    site_path = "site"
    person_path = "person"
    organisation_path = "organisation"
    list_display = ["__str__", "kind", "failures", "failed_at", "blocked_until", "disabled_at"]
    list_filter = ["kind", ("disabled_at", EmptyFieldListFilter)]
    search_fields = ["person__given_name", "person__family_name", "key"]
    list_select_related = ["person"]
    actions_detail = ["clear"]

    @action(description=_("Clear"), url_path="clear")  # type: ignore[untyped-decorator]  # unfold brings no types
    def clear(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let PINs be typed again at once."""
        found = self.changeable(request, self.get_queryset(request))
        throttle: Throttle | None = found.filter(pk=unquote(object_id)).first()
        if throttle is None:
            raise Http404
        back = reverse("admin:access_throttle_changelist")
        form = ClearForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            throttles.clear(
                throttle=throttle,
                reason=form.cleaned_data["reason"],
                actor=Actor.staff(request.user.pk or 0),
                at=timezone.now(),
            )
            messages.success(request, _now("Cleared. PINs can be typed again at once."))
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Clear wrong PINs"),
            "subtitle": str(throttle),
            "form": form,
            "opts": self.opts,
            "back": back,
        }
        return render(request, "admin/access/person_form.html", context)
