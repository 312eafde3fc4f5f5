"""Ten thousand people from a file: looked at, confirmed and written, through the pages."""

from __future__ import annotations

import csv
import io
import re
import time
from typing import Any

from tests.benchmarks.figures import median
from tests.benchmarks.place import Place

PEOPLE = 10_000


def measure(place: Place) -> dict[str, Any]:
    """Return people a second from upload to saved: all new, then all changed."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client, override_settings

    from access.models import User

    user = User.objects.create_superuser("importer", password="measured")
    client = Client()
    client.force_login(user)
    page = "/admin/access/person/"
    seconds = []
    with override_settings(ALLOWED_HOSTS=["*"]):
        for family in ("Example", "Changed"):
            content = _file(family)
            begun = time.perf_counter()
            preview = client.post(
                f"{page}import/",
                {"import_file": SimpleUploadedFile("people.csv", content), "format": "0",
                 "resource": "0"},
            )  # fmt: skip
            hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', preview.text))
            done = client.post(f"{page}process_import/", hidden)
            seconds.append(time.perf_counter() - begun)
            if done.status_code != 302:
                raise AssertionError("the import was refused")
    return {
        "import_people_per_s": median([PEOPLE / seconds[0]], 0),
        "import_changed_people_per_s": median([PEOPLE / seconds[1]], 0),
        "import_10000_people_s": round(max(seconds), 1),
    }


def _file(family: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["external_id", "personal_number", "given_name", "family_name", "email",
                     "kind", "cost_centre", "needs_low_door"])  # fmt: skip
    for number in range(PEOPLE):
        email, cost_centre = f"p{number}@example.org", f"CC {number % 40}"
        writer.writerow([f"E{number}", f"{500_000 + number}", f"Person {number}", family, email,
                         "student", cost_centre, "no"])  # fmt: skip
    return text.getvalue().encode()
