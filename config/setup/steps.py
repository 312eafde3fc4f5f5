"""The pages of the set-up in their order, and the answers kept between them in the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import SessionBase
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.setup import forms
from config.setup.forms import Answers, StepForm

_ADMITTED = "setup_admitted"
_ANSWERS = "setup_answers"
_VERIFIER = "setup_verifier"


@dataclass(frozen=True)
class Step:
    """One page of questions."""

    slug: str
    title: str | Promise
    lead: str | Promise
    form: type[StepForm]


STEPS = (
    Step(
        "place",
        _("Your place"),
        _("Lockers belong to a site, and a site keeps its own time."),
        forms.PlaceForm,
    ),
    Step(
        "lockers",
        _("Your lockers"),
        _("Begin with one bank. It is drawn as it stands, so that people find their door."),
        forms.LockersForm,
    ),
    Step(
        "use",
        _("How they are used"),
        _("These rules apply at the whole site. You can change them at any time."),
        forms.UseForm,
    ),
    Step(
        "badges",
        _("Badges and PINs"),
        _("A badge says who somebody is; a PIN only confirms it."),
        forms.BadgesForm,
    ),
    Step(
        "boards",
        _("Locks"),
        _("A small bridge beside the lockers drives the boards that open the doors."),
        forms.BoardsForm,
    ),
    Step(
        "administrator",
        _("Your log-in"),
        _("This log-in may do everything. Others can be given rights for single sites."),
        forms.AdministratorForm,
    ),
)
BY_SLUG = {step.slug: step for step in STEPS}


def admit(session: SessionBase) -> None:
    """Note that this browser showed the set-up code."""
    session.cycle_key()
    session[_ADMITTED] = True


def is_admitted(session: SessionBase) -> bool:
    """Say whether this browser showed the set-up code."""
    return bool(session.get(_ADMITTED))


def keep(session: SessionBase, step: Step, form: StepForm) -> None:
    """Keep the answers of a valid page. Of a password only its verifier is kept."""
    data: Any = form.data
    typed = {name: data.getlist(name) for name in form.fields if name in data}
    if step.slug == "administrator":
        session[_VERIFIER] = make_password(form.cleaned_data["password"])
        del typed["password"], typed["again"]
    session[_ANSWERS] = {**session.get(_ANSWERS, {}), step.slug: typed}


def kept(session: SessionBase, step: Step) -> QueryDict | None:
    """Return what was typed on a page earlier, or None."""
    typed: Mapping[str, list[str]] | None = session.get(_ANSWERS, {}).get(step.slug)
    if typed is None:
        return None
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, values)
    return data


def checked(session: SessionBase) -> tuple[Answers, Step | None]:
    """Return the checked answers, and the first page that is not answered yet, or None.

    Each page is checked anew, for a later change of an earlier one may have made it wrong.
    """
    answers: Answers = {}
    for step in STEPS:
        data = kept(session, step)
        if data is None:
            return answers, step
        if step.slug == "administrator":
            answers[step.slug] = {
                "username": data.get("username", ""),
                "email": data.get("email", ""),
                "verifier": session.get(_VERIFIER, ""),
            }
            continue
        form = step.form(data=data, answers=answers)
        if not form.is_valid():
            return answers, step
        answers[step.slug] = form.cleaned_data
    return answers, None


def before(session: SessionBase, step: Step) -> Answers:
    """Return the checked answers of the pages before one."""
    answers, _first = checked(session)
    earlier = [other.slug for other in STEPS[: STEPS.index(step)]]
    return {slug: answers[slug] for slug in earlier if slug in answers}


def forget(session: SessionBase) -> None:
    """Drop everything that the set-up kept."""
    for key in (_ADMITTED, _ANSWERS, _VERIFIER):
        session.pop(key, None)
