"""The pupils of a school: their list, and its import; each one's page is that of the person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from access.choices import PersonKind, PersonStatus
from access.imports.files import PupilFile
from access.imports.pupils import PupilRows
from access.models import Pupil
from lockers.importing.of_site import ImportsForSite, SiteConfirmForm, SiteUploadForm
from lockers.importing.pages import FORMATS
from lockers.scoping import ScopedRelatedFilter


class PupilUploadForm(SiteUploadForm):
    """A list of pupils: of which school, and what it may change besides."""

    field_order = ["site", "resource", "import_file", "format", "makes", "leaves"]
    makes = forms.BooleanField(
        label=_("Make what is missing"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("Year groups, forms and houses that are in the file and not here."),
    )
    leaves = forms.ChoiceField(
        label=_("Who is not in the file"),
        required=False,
        choices=[("", _("Stays as they are")), ("yes", _("Has left: all pupils of this site"))],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["import_file"].help_text = _(
            "CSV or Excel, or the zip of a OneRoster export (1.1 or 1.2)."
        )


class PupilConfirmForm(SiteConfirmForm):
    """Carries the choices of the upload to its confirmation."""

    makes = forms.BooleanField(required=False, widget=forms.HiddenInput)
    leaves = forms.BooleanField(required=False, widget=forms.HiddenInput)
    is_sure = forms.BooleanField(required=False)
    is_school = forms.BooleanField(required=False)


@admin.register(Pupil)
class PupilAdmin(ImportsForSite):
    """Pupils come from the register of the school; by hand they are added like other people."""

    resource_classes = [PupilRows]
    import_formats = [PupilFile]
    export_formats = FORMATS
    import_form_class = PupilUploadForm
    confirm_form_class = PupilConfirmForm
    person_path = ""
    list_display = ["__str__", "is_here", "year_group", "registration_group", "house",
                    "personal_number", "starts_on", "leaves_on", "home_site"]  # fmt: skip
    list_filter = [
        "status", ("year_group", ScopedRelatedFilter), ("registration_group", ScopedRelatedFilter),
        ("house", ScopedRelatedFilter), ("home_site", ScopedRelatedFilter),
    ]  # fmt: skip
    search_fields = ["given_name", "family_name", "email", "personal_number", "upn", "external_id"]
    list_select_related = ["year_group", "registration_group", "house", "home_site"]
    list_per_page = 100

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(kind=PersonKind.STUDENT)

    @display(description=_("status"), ordering="status", label={  # type: ignore[untyped-decorator]  # unfold brings no types
        PersonStatus.ACTIVE: "success",
        PersonStatus.SUSPENDED: "warning",
        PersonStatus.LEFT: "",
    })  # fmt: skip
    def is_here(self, pupil: Pupil) -> tuple[str, str]:
        """Return the status, marked so that who left is not read over."""
        return pupil.status, pupil.get_status_display()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Go on to the page of the person."""
        if not (object_id.isdigit() and self.get_queryset(request).filter(pk=object_id).exists()):
            raise Http404
        return HttpResponseRedirect(reverse("admin:access_person_change", args=[object_id]))

    def choices_of(self, chosen: dict[str, Any]) -> dict[str, Any]:
        return {
            **super().choices_of(chosen),
            "makes": chosen["makes"],
            "leaves": bool(chosen["leaves"]),
            "is_sure": chosen.get("is_sure", False),
            "is_school": chosen.get("is_school", False),
        }

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> Any:
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            chosen = import_form.cleaned_data
            initial |= {"makes": chosen["makes"], "leaves": bool(chosen["leaves"])}
        return initial
