"""An import of one site, which is chosen with the file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from lockers.importing.pages import ConfirmForm, ScopedImportExport, UploadForm
from lockers.models import Site
from lockers.scoping import MANAGE, sites_of


class SiteUploadForm(UploadForm):
    """A file, and the site that it is of."""

    field_order = ["site", "resource", "import_file", "format"]
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), widget=UnfoldAdminSelectWidget, empty_label=None
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = sites_of(user, MANAGE).order_by("name")
        if site.queryset[:2].count() > 1:
            site.empty_label = _("Choose one")  # nobody imports into the first by accident
        chosen: Any = self.fields["format"]
        if len(chosen.choices) == 1:
            # The file itself says what it is.
            chosen.widget, chosen.required = forms.HiddenInput(), False

    def clean_format(self) -> str:
        return self.cleaned_data["format"] or "0"


class SiteConfirmForm(ConfirmForm):
    """Carries the site of the upload to its confirmation."""

    site = forms.ModelChoiceField(Site.objects.none(), widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = sites_of(user, MANAGE)


class ImportsForSite(ScopedImportExport):
    """Gives the resource the site that was chosen, of those that the user manages."""

    import_form_class = SiteUploadForm
    confirm_form_class = SiteConfirmForm

    def get_import_form_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_import_form_kwargs(request), "user": request.user}

    def blank_form(self, request: HttpRequest) -> Any:
        return self.import_form_class(
            self.get_import_formats(), self.resource_classes, user=request.user
        )

    def get_confirm_form_kwargs(self, request: HttpRequest, import_form: Any = None) -> Any:
        return {**super().get_confirm_form_kwargs(request, import_form), "user": request.user}

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> Any:
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            initial["site"] = import_form.cleaned_data["site"].pk
        return initial

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        given = super().get_import_resource_kwargs(request, **kwargs)
        form = kwargs.get("form")
        if form is None or not form.is_bound or form.errors:
            return given
        return {**given, **self.choices_of(form.cleaned_data)}

    def choices_of(self, chosen: dict[str, Any]) -> dict[str, Any]:
        """Return what the resource is told of an upload or its confirmation."""
        return {"site": chosen["site"]}
