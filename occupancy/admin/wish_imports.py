"""Wishes from a file: uploaded, shown with what each pupil's would become, then confirmed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access.admin.desk import Desk, staff, user_id
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events, idempotency
from lockers.importing.files import CsvFile, Unreadable, XlsxFile
from lockers.importing.rows import SHOWN_ROWS
from lockers.importing.storage import PrivateFolder
from lockers.scoping import MANAGE
from occupancy.errors.allotments import WindowClosed
from occupancy.forms.wish_files import ConfirmForm, UploadForm
from occupancy.imports import wishes
from occupancy.models import Allotment
from occupancy.services.allotting import entries, wishing

_WORKBOOK = b"PK\x03\x04"


class ImportsWishes(Desk):
    """Takes what the office collected on paper, while wishes are open."""

    @action(description=_("Import wishes"), url_path="import", icon="upload_file")  # type: ignore[untyped-decorator]  # unfold brings no types
    def import_wishes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what a file would change, or what is wrong with it; keep it once confirmed."""
        row: Allotment = self.reachable(request, object_id, MANAGE)
        if request.method == "POST" and "stored" in request.POST:
            return self._confirmed(request, row)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, row, form)
        file = form.cleaned_data["import_file"]
        content = file.read()
        try:
            found = _read(row, content)
        except (Unreadable, Refusal) as error:
            form.add_error("import_file" if isinstance(error, Unreadable) else None, str(error))
            return self._page(request, row, form)
        if found.wrong or not found.said:
            return self._page(request, row, UploadForm(), found)
        stored = PrivateFolder()
        stored.save(content)
        confirm = ConfirmForm(salt=_salt(request, row))
        confirm.initial = {"stored": confirm.signed(stored.name), "file_name": file.name[:200]}
        return self._page(request, row, None, found, confirm)

    def _confirmed(self, request: HttpRequest, row: Allotment) -> HttpResponse:
        form = ConfirmForm(request.POST, salt=_salt(request, row))
        again = HttpResponseRedirect(request.path)
        if not form.is_valid():
            messages.error(request, _now("This preview is too old. Upload the file again."))
            return again
        try:
            stored = PrivateFolder(name=form.cleaned_data["stored"])
            content = stored.read()
            stored.remove()  # whoever comes second finds nothing
        except FileNotFoundError:
            messages.error(
                request,
                _now("This file was imported or is too old. Upload it to import it again."),
            )
            return again
        name = form.cleaned_data["file_name"]
        try:
            found = idempotency.run(lambda: self._keep(request, row, content, name))
        except (Unreadable, Refusal) as error:
            if isinstance(error, Refusal):
                idempotency.settle(error)
            messages.error(request, str(error))
            return again
        if found.wrong:
            return self._page(request, row, UploadForm(), found)
        messages.success(
            request,
            ngettext(
                "The wishes of %(count)d pupil were kept.",
                "The wishes of %(count)d pupils were kept.", len(found.said),
            ) % {"count": len(found.said)},
        )  # fmt: skip
        return HttpResponseRedirect(self.page_of(row))

    def _keep(
        self, request: HttpRequest, row: Allotment, content: bytes, name: str
    ) -> wishes.Reading:
        """Look once more, and keep all of it or nothing."""
        at = timezone.now()
        found = _read(row, content)
        if not found.wrong:
            wishing.hand_in_many(allotment=row, said=found.said, actor=staff(request), at=at)
        events.record(
            action=Action.REFUSED if found.wrong else Action.IMPORTED,
            actor=staff(request), at=at,
            organisation_id=row.site.organisation_id, site_id=row.site_id,
            subject=f"allotment:{row.pk}",
            data={"file": name} | (
                {"code": "import_refused", "rows": sorted({one.row for one in found.wrong})[:100]}
                if found.wrong
                else {"updated": len(found.said), "unchanged": found.unchanged}
            ),
        )  # fmt: skip
        return found

    def _page(
        self,
        request: HttpRequest,
        row: Allotment,
        form: UploadForm | None,
        found: wishes.Reading | None = None,
        confirm: ConfirmForm | None = None,
    ) -> HttpResponse:
        changes = found.changes if found is not None and not found.wrong else []
        return self.show_page(
            request, "admin/occupancy/wish_import.html", title=_now("Import wishes"),
            subtitle=str(row), form=form, found=found, confirm=confirm, back=self.page_of(row),
            changes=changes[:SHOWN_ROWS], more=len(changes) - SHOWN_ROWS,
        )  # fmt: skip


def _read(row: Allotment, content: bytes) -> wishes.Reading:
    at = timezone.now()
    if not wishing.is_open(row, at):
        raise WindowClosed
    file = XlsxFile() if content.startswith(_WORKBOOK) else CsvFile()
    dataset = file.create_dataset(content)
    # Who came since it was opened has no ticket yet.
    entries.sync(allotment=row, at=at)
    return wishes.read(dataset, row, at)


def _salt(request: HttpRequest, row: Allotment) -> str:
    return f"wishes:{row.pk}:{user_id(request)}"
