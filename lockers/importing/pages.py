"""Import and export in the administration: upload, preview, confirm; each for its own sites."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportMixin
from import_export.forms import ConfirmImportForm
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.importing.files import MAX_BYTES, CsvFile, Unreadable, XlsxFile
from lockers.importing.results import record_refused
from lockers.importing.rows import SHOWN_ROWS
from lockers.importing.storage import MAX_AGE_S, PrivateFolder
from lockers.scoping import MANAGE, VIEW, SiteScopedAdmin

logger = logging.getLogger(__name__)
FORMATS: list[type[CsvFile | XlsxFile]] = [CsvFile, XlsxFile]


class UploadForm(ImportForm):
    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _now("This file is larger than %(limit)d MB. Split it and import the parts.")
                % {"limit": MAX_BYTES // 1024 // 1024}
            )
        return file


class ConfirmForm(ConfirmImportForm):
    """What carries a previewed file to its confirmation, for the one who uploaded it only."""

    format = forms.ChoiceField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, salt: str, formats: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.salt = salt
        chosen: Any = self.fields["format"]
        chosen.choices = [(str(number), "") for number in range(formats)]

    def clean_import_file_name(self) -> str:
        try:
            name: str = signing.TimestampSigner(salt=self.salt).unsign(
                self.cleaned_data["import_file_name"], max_age=MAX_AGE_S
            )
        except signing.BadSignature as error:
            raise forms.ValidationError(_now("Upload the file again.")) from error
        return name


class ScopedImportExport(ImportExportMixin, SiteScopedAdmin):
    """A site-scoped admin whose rows come from files and go into files.

    Importing takes the right to manage some site, exporting the right to view one; the resource
    decides for every row. Pages that somebody may not use are not there.
    """

    formats = FORMATS
    import_form_class: type[Any] = UploadForm
    confirm_form_class: type[Any] = ConfirmForm
    export_form_class = ExportForm
    tmp_storage_class = PrivateFolder

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and self._holds(request, MANAGE, None)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self._holds(request, VIEW, None)

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"user": request.user, "at": timezone.now()}

    def get_export_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"user": request.user, "at": timezone.now()}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"rollback_on_validation_errors": True}

    # Import.

    def _salt(self, request: HttpRequest) -> str:
        return f"import:{self.opts.label_lower}:{request.user.pk}"

    def get_confirm_form_kwargs(self, request: HttpRequest, import_form: Any = None) -> Any:
        kwargs = super().get_confirm_form_kwargs(request, import_form)
        formats = len(self.get_import_formats())
        return {**kwargs, "salt": self._salt(request), "formats": formats}

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> Any:
        initial = super().get_confirm_form_initial(request, import_form)
        if "import_file_name" in initial:
            signer = signing.TimestampSigner(salt=self._salt(request))
            initial["import_file_name"] = signer.sign(initial["import_file_name"])
        return initial

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"shown_rows": SHOWN_ROWS}

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        if isinstance(e, Unreadable):
            form.add_error("import_file", getattr(e, "sentences", str(e)))
        else:
            logger.error("An upload could not be read", exc_info=e)
            form.add_error("import_file", _now("This file cannot be read. Save it again as CSV."))

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Take a file and show what it would do, without doing it."""
        if not self.has_import_permission(request):
            raise Http404
        response: TemplateResponse = super().import_action(request, **kwargs)
        context = response.context_data or {}
        uploaded = context["form"].files.get("import_file")
        stored = getattr(uploaded, "tmp_storage_name", None)
        if stored and "confirm_form" not in context:
            return self.unconfirmed(request, response, stored)
        return response

    def unconfirmed(
        self, request: HttpRequest, response: TemplateResponse, stored: str
    ) -> HttpResponseBase:
        """Answer for a file that cannot be confirmed, and forget it."""
        PrivateFolder(name=stored).remove()
        return response

    def blank_form(self, request: HttpRequest) -> Any:
        """Return the form of an upload with nothing in it."""
        return self.import_form_class(self.get_import_formats(), self.resource_classes)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Check a previewed file once more and import it: every row, or none."""
        if not self.has_import_permission(request):
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self.create_confirm_form(request)
        if not form.is_valid():
            return self._again(request, _now("This preview is too old. Upload the file again."))
        stored = PrivateFolder(name=form.cleaned_data["import_file_name"])
        try:
            content = stored.read()
            stored.remove()  # whoever comes second finds nothing
        except FileNotFoundError:
            return self._again(
                request, _now("This file was imported or is too old. Upload it to import it again.")
            )
        file_format = self.get_import_formats()[int(form.cleaned_data["format"])]()
        try:
            dataset = file_format.create_dataset(content)
        except Unreadable as error:
            return self._again(request, str(error))
        with transaction.atomic():
            result = self.process_dataset(dataset, form, request)
            if result.is_good:
                self.generate_log_entries(result, request)
            else:
                record_refused(
                    result,
                    label=self.opts.label_lower,
                    file_name=form.cleaned_data["original_file_name"],
                    user=request.user,
                    at=timezone.now(),
                )
        if result.is_good:
            self.add_success_message(result, request)
            return HttpResponseRedirect(
                reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
            )
        context = {
            **self.admin_site.each_context(request),
            **self.get_import_context_data(),
            "title": _("Import"),
            "opts": self.opts,
            "form": self.blank_form(request),
            "result": result,
        }
        context["media"] = self.media + context["form"].media
        return TemplateResponse(request, [self.import_template_name], context)

    def _again(self, request: HttpRequest, sentence: str) -> HttpResponse:
        messages.error(request, sentence)
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_import")
        )

    def add_success_message(self, result: Any, request: HttpRequest) -> None:
        messages.success(
            request,
            _now("Imported: %(new)d new, %(update)d changed, %(skip)d as they were.")
            % dict(result.totals),
        )

    def _create_log_entry(self, user_pk: Any, rows: Any, import_type: Any, flag: Any) -> None:
        # Straight into Django's log: the rows have their events already.
        if rows:
            LogEntry.objects.log_actions(
                user_pk, rows, flag, change_message=_now("Imported from a file.")
            )

    # Export.

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        """Hand out what the list shows as a file."""
        if not self.has_export_permission(request):
            raise Http404
        response: HttpResponseBase = super().export_action(request)
        return response

    def get_valid_export_item_pks(self, request: HttpRequest) -> Any:
        return self.get_queryset(request).values_list("pk", flat=True)

    def get_data_for_export(self, request: HttpRequest, queryset: Any, **kwargs: Any) -> Any:
        dataset = super().get_data_for_export(request, queryset, **kwargs)
        form = kwargs["export_form"]
        events.record(
            action=Action.EXPORTED,
            actor=Actor.staff(request.user.pk or 0),
            at=timezone.now(),
            subject=self.opts.label_lower,
            data={
                "rows": len(dataset),
                "format": FORMATS[int(form.cleaned_data["format"])]().get_title(),
            },
        )
        return dataset

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().init_request_context_data(request, form)
        context["fields_list"] = [
            (
                resource.get_display_name(),
                resource(**self.get_export_resource_kwargs(request)).get_export_headers(),
            )
            for resource in self.resource_classes
        ]
        return context
