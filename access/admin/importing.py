"""The import of people: which column is which, and whom the file does not name."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from access.choices import PersonKind
from access.imports import PersonRows
from access.imports.people import Scope, UnknownColumns
from access.models import ImportMapping
from audit.actions import Action
from audit.admin_log import RecordedAdmin
from lockers.importing.files import ROW
from lockers.importing.pages import FORMATS, ConfirmForm, ScopedImportExport, UploadForm
from lockers.importing.storage import MAX_AGE_S, PrivateFolder
from lockers.scoping import MANAGE, organisations_of, sites_of

# What other programs call a field, by the name that the product has for it.
_ALSO = {
    "external_id": {"id", "employee_id", "pupil_id", "student_id", "staff_id", "upn", "guid"},
    "personal_number": {"number", "employee_number", "personnel_number", "staff_number", "pin_id"},
    "given_name": {"first_name", "firstname", "forename", "givenname", "preferred_name"},
    "family_name": {"last_name", "lastname", "surname", "familyname"},
    "email": {"e-mail", "mail", "email_address", "e-mail_address", "work_email"},
    "kind": {"type", "person_type", "category"},
    "home_site": {"site", "location", "building", "office"},
    "department": {"team", "year_group", "class", "form", "division"},
    "role": {"job", "job_title", "title", "position"},
    "cost_centre": {"cost_center", "costcentre", "cost_code"},
    "guardian_name": {"parent", "guardian", "parent_name", "contact"},
    "guardian_phone": {"parent_phone", "contact_phone"},
    "guardian_email": {"parent_email", "contact_email"},
    "leaves_on": {"end_date", "leaving_date", "last_day", "valid_until"},
    "badge": {"card", "card_number", "badge_number"},
}


class PeopleUploadForm(UploadForm):
    """A file of people, how its columns are called, and whether it is the whole list."""

    mapping = forms.ModelChoiceField(
        ImportMapping.objects.none(),
        label=_("Columns"),
        required=False,
        empty_label=_("As the file calls them; unknown ones are asked for"),
        widget=UnfoldAdminSelectWidget,
    )
    gone = forms.ChoiceField(
        label=_("Who is not in the file"), required=False, widget=UnfoldAdminSelectWidget
    )
    gone_kind = forms.ChoiceField(
        label=_("Of these only"),
        required=False,
        choices=[("", _("every kind of person")), *PersonKind.choices],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations = list(organisations_of(user, MANAGE))
        mapping: Any = self.fields["mapping"]
        mapping.queryset = ImportMapping.objects.filter(organisation__in=organisations)
        gone: Any = self.fields["gone"]
        gone.choices = [
            ("", _("Stays as they are")),
            *((f"organisation:{one.pk}", _("Has left: all of %s") % one) for one in organisations),
            *((f"site:{one.pk}:{one.organisation_id}", _("Has left: all at %s") % one)
              for one in sites_of(user, MANAGE)),
        ]  # fmt: skip


class PeopleConfirmForm(ConfirmForm):
    """Carries the choices of the upload to its confirmation."""

    columns = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)
    gone = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    gone_kind = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    is_sure = forms.BooleanField(required=False)

    def clean_columns(self) -> dict[str, str]:
        """Return which field each column feeds."""
        try:
            columns = json.loads(self.cleaned_data["columns"] or "{}")
        except ValueError as error:
            raise forms.ValidationError(_now("Upload the file again.")) from error
        if not isinstance(columns, dict):
            raise forms.ValidationError(_now("Upload the file again."))
        return {str(name): str(field) for name, field in columns.items()}


class ImportsPeople(ScopedImportExport):
    """Adds to upload, preview and confirmation: column mapping, and who is gone."""

    import_form_class = PeopleUploadForm
    confirm_form_class = PeopleConfirmForm

    def get_import_form_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_import_form_kwargs(request)
        if request.method == "POST" and "stored" in request.POST:
            kwargs["files"] = self._stored(request)
        return {**kwargs, "user": request.user}

    def blank_form(self, request: HttpRequest) -> Any:
        return PeopleUploadForm(FORMATS, self.resource_classes, user=request.user)

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        given: dict[str, Any] = super().get_import_resource_kwargs(request)
        form = kwargs.get("form")
        if form is None or not form.is_bound or form.errors:
            return given
        chosen = form.cleaned_data
        if isinstance(form, PeopleConfirmForm):
            columns = chosen["columns"]
        else:
            columns = self._columns(request, chosen)
        return {
            **given,
            "columns": columns,
            "gone": self._scope(request, chosen["gone"], chosen["gone_kind"]),
            "is_sure": chosen.get("is_sure", False),
        }

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> Any:
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is None:
            return initial
        chosen = import_form.cleaned_data
        return {
            **initial,
            "columns": json.dumps(self._columns(request, chosen)),
            "gone": chosen["gone"],
            "gone_kind": chosen["gone_kind"],
        }

    def _columns(self, request: HttpRequest, chosen: dict[str, Any]) -> dict[str, str]:
        """Return which field each column feeds: as just said, or as remembered."""
        if "stored" in request.POST:
            return _said(request)
        mapping: ImportMapping | None = chosen.get("mapping")
        columns: dict[str, str] = mapping.columns if mapping is not None else {}
        return columns

    def _scope(self, request: HttpRequest, gone: str, kind: str) -> Scope | None:
        """Return whom the file is the whole list of; only what this user manages is taken."""
        what, _colon, number = gone.partition(":")
        number = number.partition(":")[0]
        if not number.isdigit():
            return None
        if what == "site":
            site = sites_of(request.user, MANAGE).filter(pk=number).first()
            return Scope(site.organisation_id, site.pk, kind) if site is not None else None
        found = organisations_of(request.user, MANAGE).filter(pk=number).first()
        return Scope(found.pk, None, kind) if found is not None else None

    # Which column is which.

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Take a file, or say which of its columns is which, and show what it would do."""
        if request.method == "POST" and "stored" in request.POST and self.has_import_permission(
            request
        ):  # fmt: skip
            fed = [field for field in _said(request).values() if field]
            if twice := sorted({field for field in fed if fed.count(field) > 1}):
                messages.error(
                    request,
                    _now("Two columns feed %s. Choose one for each.") % ", ".join(twice),
                )
                return self._ask(request, self._unsigned(request) or "")
            self._remember(request)
        return super().import_action(request, **kwargs)

    def unconfirmed(
        self, request: HttpRequest, response: TemplateResponse, stored: str
    ) -> HttpResponseBase:
        result = (response.context_data or {}).get("result")
        found = [error.error for error in result.base_errors] if result is not None else []
        if any(isinstance(error, UnknownColumns) for error in found):
            for error in found:
                if "stored" in request.POST:  # asked once already
                    messages.error(request, str(error))
            return self._ask(request, stored)
        return super().unconfirmed(request, response, stored)

    def _ask(self, request: HttpRequest, stored: str) -> HttpResponseBase:
        """Show every column of a file with what stands in it, and ask which field it feeds."""
        try:
            content = PrivateFolder(name=stored).read()
        except FileNotFoundError:
            return self._again(request, _now("Upload the file again."))
        number = request.POST.get("format", "0")
        file_format = FORMATS[int(number) if number in ("0", "1") else 0]()
        dataset = file_format.create_dataset(content)
        fields = [field.column_name for field in PersonRows().get_user_visible_fields()]
        before = _said(request)
        uploaded = request.FILES.get("import_file")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Which column is which?"),
            "opts": self.opts,
            "columns": [
                (name, [row for row in dataset[name][:3] if row], before.get(name, _guess(name)))
                for name in dataset.headers
                if name != ROW
            ],
            "fields": fields,
            "organisations": organisations_of(request.user, MANAGE),
            "stored": signing.TimestampSigner(salt=self._salt(request)).sign(stored),
            "file_name": uploaded.name if uploaded else request.POST.get("file_name", ""),
            "posted": {
                name: request.POST.get(name, "")
                for name in ("format", "resource", "gone", "gone_kind")
            },
        }
        return TemplateResponse(request, "admin/access/columns.html", context)

    def _unsigned(self, request: HttpRequest) -> str | None:
        try:
            return signing.TimestampSigner(salt=self._salt(request)).unsign(
                request.POST["stored"], max_age=MAX_AGE_S
            )
        except signing.BadSignature:
            return None

    def _stored(self, request: HttpRequest) -> dict[str, Any]:
        """Return the file that waits since the columns were asked for; it is stored anew."""
        stored = PrivateFolder(name=self._unsigned(request) or "")
        try:
            content = stored.read()
            stored.remove()
        except FileNotFoundError:
            return {}
        name = request.POST.get("file_name", "")[:200] or "list"
        return {"import_file": SimpleUploadedFile(name, content)}

    def _remember(self, request: HttpRequest) -> None:
        name = request.POST.get("remember", "").strip()[:60]
        organisations = organisations_of(request.user, MANAGE)
        chosen = request.POST.get("organisation", "")
        organisation = (
            organisations.filter(pk=chosen).first() if chosen.isdigit() else organisations.first()
        )
        if not name or organisation is None:
            return
        mapping, is_new = ImportMapping.objects.update_or_create(
            organisation=organisation, name=name, defaults={"columns": _said(request)}
        )
        mappings = self.admin_site._registry[ImportMapping]
        assert isinstance(mappings, RecordedAdmin)  # as registered
        mappings.record(request, Action.ADDED if is_new else Action.CHANGED, mapping)


def _said(request: HttpRequest) -> dict[str, str]:
    """Return what somebody just said about the columns."""
    known = {field.column_name for field in PersonRows().get_user_visible_fields()}
    pairs = zip(request.POST.getlist("column"), request.POST.getlist("field"), strict=False)
    return {column: field if field in known else "" for column, field in pairs}


def _guess(name: str) -> str:
    """Return the field that a column most likely feeds."""
    for field, names in _ALSO.items():
        if name == field or name in names or name.replace("-", "_") in names:
            return field
    return name if name in {field.column_name for field in PersonRows().fields.values()} else ""
