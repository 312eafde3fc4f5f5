"""Who works at the school: its office, and a tutor for each form."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.hashers import make_password

from access.models import User
from access.roles import StaffRole
from config.demo import names, staff
from config.demo.classes import Classes
from config.demo.estate import Estate

# The form of the tutor whose log-in the start table names.
FORM = "8A"


def build(estate: Estate, classes: Classes, *, at: dt.datetime) -> User:
    """Write the log-ins; return the tutor's. All but two nobody can log in with."""
    staff.with_role(
        staff.SCHOOL_OFFICE, "Olive", "Office", StaffRole.SITE_MANAGER, estate.school.site, at
    )
    tutor = User.objects.create_user(
        staff.TUTOR.username, "tutor@northwind.example", staff.TUTOR.password,
        first_name="Toby", last_name="Tutor",
    )  # fmt: skip
    others = [name for name in classes.forms if name != FORM]
    made = User.objects.bulk_create(
        User(
            username=f"tutor-{form.lower()}", email=f"tutor-{form.lower()}@northwind.example",
            first_name=names.GIVEN[place * 7], last_name=names.FAMILY[place * 9],
            password=make_password(None),
        )
        for place, form in enumerate(others)
    )  # fmt: skip
    classes.forms[FORM].tutors.add(tutor)
    for form, user in zip(others, made, strict=True):
        classes.forms[form].tutors.add(user)
    return tutor
