"""A list of keys and combinations for a form, a year group or all of a site, to hand out by."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access.admin.desk import VIEW_COMBINATION, local
from access.models import User
from audit.errors import Refusal
from lockers.models import Site
from lockers.scoping import OPERATE, sites_of
from occupancy import hand_out_lists
from occupancy.forms.hand_outs import HandOutForm
from occupancy.hand_out_lists import Made
from occupancy.papers import workbooks
from occupancy.services import hand_outs
from occupancy.views.changes import LARGEST_ID, actor_of, user_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def hand_out(request: HttpRequest, site_id: int) -> HttpResponse:
    """Ask whose list and how, then answer the file."""
    user = user_of(request)
    site = sites_of(user, OPERATE).filter(pk=min(site_id, LARGEST_ID)).first()
    if site is None or not user.is_staff:
        raise Http404
    may_combine = sites_of(user, VIEW_COMBINATION).filter(pk=site.pk).exists()
    chosen = request.GET.get("form", "")
    form = HandOutForm(
        request.POST or None,
        site=site,
        may_combine=may_combine,
        initial={"whose": f"form:{chosen}"} if chosen.isdecimal() else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _file(request, user, site, form)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(
        request,
        "admin/access/key_form.html",
        {
            **admin.site.each_context(request),
            "title": _("List to hand out"),
            "subtitle": str(site),
            "form": form,
            "media": form.media,
            "button": _("Make the list"),
            "back": reverse("admin:lockers_site_change", args=[site.pk]),
            "note": _(
                "Who has which door, the keys that hang in the cabinet, and room to sign. Each"
                " form begins on a page of its own."
            ),
        },
        status=422 if form.errors else 200,
    )


def _file(request: HttpRequest, user: User, site: Site, form: HandOutForm) -> HttpResponse:
    at = timezone.now()
    given = form.cleaned_data
    about = form.whose.named(given["whose"])
    handed = hand_outs.make(
        site=site,
        people=form.whose.people(given["whose"]),
        about=about,
        shows_combinations=bool(given.get("shows_combinations")),
        reason=given["reason"],
        actor=actor_of(request),
        at=at,
    )
    if given["kind"] == "pdf":
        made = Made(str(site), local(at, site), user.get_full_name() or user.get_username())
        content, kind = hand_out_lists.pdf(handed, made), "application/pdf"
    else:
        content, kind = hand_out_lists.xlsx(handed, about), workbooks.TYPE
    answer = HttpResponse(content, content_type=kind)
    name = slugify(about) or "list"
    answer["Content-Disposition"] = f'attachment; filename="{name}.{given["kind"]}"'
    return answer
