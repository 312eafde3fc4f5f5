"""Starting, ticking and finishing a checklist; and the ones a new organisation begins with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from access import checklists, selectors
from access.choices import PersonKind, ProcedureKind, StepVerb
from access.errors.people import ReasonMissing, RunNotDone, StepKnown
from access.models import Person, Procedure, ProcedureStep, Run, RunStep
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor, Line
from lockers.models import Organisation


def procedure_for(*, person: Person, kind: ProcedureKind) -> Procedure | None:
    """Return what applies to a person: that of their kind before that of everybody."""
    return (
        Procedure.objects.filter(
            organisation_id=person.organisation_id, kind=kind, person_kind__in=["", person.kind]
        )
        .order_by("-person_kind")
        .first()
    )


def start(*, person: Person, kind: ProcedureKind, actor: Actor, at: dt.datetime) -> Run | None:
    """Begin a checklist with somebody, or go on with the open one; None without a procedure."""
    return start_all(people=[person], kind=kind, actor=actor, at=at).get(person.pk)


def start_all(
    *, people: Sequence[Person], kind: ProcedureKind, actor: Actor, at: dt.datetime
) -> dict[int, Run]:
    """Begin a checklist with each, or go on with the open one; return the runs by person.

    Who has no procedure has no run. As many statements as there are procedures, not people.
    """
    known: dict[tuple[int, str], Procedure | None] = {}
    for person in people:
        whose = (person.organisation_id, person.kind)
        if whose not in known:
            known[whose] = procedure_for(person=person, kind=kind)
    with transaction.atomic():
        ids = [person.pk for person in people]
        # Whoever starts it second finds the first one's.
        list(Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
        open_runs = Run.objects.filter(person__in=ids, kind=kind, finished_at__isnull=True)
        runs = {run.person_id: run for run in open_runs.order_by("-pk")}
        begun, steps = [], []
        for person in people:
            procedure = known[person.organisation_id, person.kind]
            if person.pk in runs or procedure is None:
                continue
            run = Run(person=person, kind=kind, name=procedure.name, started_at=at)
            begun.append((run, procedure))
            runs[person.pk] = run
        Run.objects.bulk_create(run for run, _procedure in begun)
        of_procedure = {
            one.pk: list(one.steps.all()) for one in {procedure for _run, procedure in begun}
        }
        for run, procedure in begun:
            steps += [
                RunStep(
                    run=run, position=place, verb=step.verb, words=step.words,
                    is_required=step.is_required,
                )
                for place, step in enumerate(of_procedure[procedure.pk], 1)
            ]  # fmt: skip
        RunStep.objects.bulk_create(steps)
        events.record_many(_line(Action.RUN_STARTED, run, actor, at) for run, _procedure in begun)
    return runs


def tick(
    *,
    step: RunStep,
    user_id: int,
    actor: Actor,
    at: dt.datetime,
    note: str = "",
    skip: bool = False,
) -> None:
    """Say that a step is done, or left out for a reason; a second time changes nothing.

    Raises StepKnown for what the register sees by itself and sees undone, and ReasonMissing.
    """
    note = note.strip()
    if skip and not note:
        raise ReasonMissing
    if not skip:
        has = selectors.holdings([step.run.person], at)[step.run.person_id]
        if checklists.is_done(step.run.kind, step.verb, has.facts) is False:
            raise StepKnown(step=step.words)
    with transaction.atomic():
        changed = RunStep.objects.filter(
            pk=step.pk, done_at__isnull=True, run__finished_at__isnull=True
        ).update(done_at=at, done_by=user_id, note=note[:200], is_skipped=skip)
        if changed:
            done = "left out" if skip else "done"
            _record(Action.RUN_STEP, step.run, actor, at, reason=note, step=step.verb, done=done)


def untick(*, step: RunStep, actor: Actor, at: dt.datetime) -> None:
    """Take a tick back while the run is open."""
    with transaction.atomic():
        changed = RunStep.objects.filter(
            pk=step.pk, done_at__isnull=False, run__finished_at__isnull=True
        ).update(done_at=None, done_by=None, note="", is_skipped=False)
        if changed:
            _record(Action.RUN_STEP, step.run, actor, at, step=step.verb, done="taken back")


def finish(*, run: Run, actor: Actor, at: dt.datetime) -> None:
    """End a run whose required steps are done or left out; raises RunNotDone.

    What the register saw to be done is written down, so that the page of an old run stays true.
    """
    with transaction.atomic():
        locked = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
        if locked.finished_at is not None:
            return
        facts = selectors.holdings([run.person], at)[run.person_id].facts
        steps = list(RunStep.objects.filter(run=run))
        for step in steps:
            if step.done_at is None and checklists.is_done(run.kind, step.verb, facts):
                step.done_at = at
        if missing := [s.words for s in steps if s.is_required and s.done_at is None]:
            raise RunNotDone(steps=", ".join(missing))
        RunStep.objects.bulk_update(steps, ["done_at"])
        Run.objects.filter(pk=run.pk).update(finished_at=at)
        _record(Action.RUN_FINISHED, run, actor, at)


def cancel(*, run: Run, actor: Actor, at: dt.datetime, reason: str) -> None:
    """End a run that makes no sense any more, however far it is."""
    with transaction.atomic():
        if Run.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=at):
            _record(Action.RUN_FINISHED, run, actor, at, reason=reason, cancelled="yes")


def cancel_of(
    *, people: Sequence[Person], kind: ProcedureKind, actor: Actor, at: dt.datetime, reason: str
) -> None:
    """End the runs of a kind that are open with people, and make no sense any more."""
    with transaction.atomic():
        runs = list(
            Run.objects.select_for_update(no_key=True, of=("self",))
            .filter(person__in=people, kind=kind, finished_at__isnull=True)
            .select_related("person")
            .order_by("pk")
        )
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(finished_at=at)
        events.record_many(
            _line(Action.RUN_FINISHED, run, actor, at, reason, cancelled="yes") for run in runs
        )


def _record(
    action: Action, run: Run, actor: Actor, at: dt.datetime, reason: str = "", **data: str
) -> None:
    events.record_many([_line(action, run, actor, at, reason, **data)])


def _line(
    action: Action, run: Run, actor: Actor, at: dt.datetime, reason: str = "", **data: str
) -> Line:
    return Line(
        action=action,
        actor=actor,
        at=at,
        organisation_id=run.person.organisation_id,
        site_id=run.person.home_site_id,
        person_id=run.person_id,
        subject=f"run:{run.pk}",
        reason=reason,
        data={"kind": run.kind, **data},
    )


def add_usual(*, organisation: Organisation) -> list[Procedure]:
    """Give a new organisation the procedures that most have, to be changed to its own."""
    coming, going = ProcedureKind.ONBOARDING, ProcedureKind.OFFBOARDING
    issue_card = (StepVerb.CARD, _("Issue a card"), True)
    usual = [
        (coming, "", _("Onboarding"), [
            issue_card,
            (StepVerb.PIN, _("Let them choose a PIN"), False),
            (StepVerb.LOCKER, _("Give them a locker, or show how to take one"), False),
            (StepVerb.INDUCTION, _("Show them round: lockers, exits, whom to ask"), True),
        ]),
        (coming, PersonKind.CONTRACTOR, _("Onboarding of contractors"), [
            (StepVerb.OTHER, _("See their identity card and the order"), True),
            (StepVerb.ACCESS, _("Give access for as long as the order lasts"), True),
            (StepVerb.CARD, _("Issue a card that ends with the order"), True),
            (StepVerb.INDUCTION, _("Safety induction"), True),
        ]),
        (going, "", _("Offboarding"), [
            (StepVerb.CARD, _("Every card is revoked"), True),
            (StepVerb.PIN, _("The PIN is revoked"), True),
            (StepVerb.LOCKER, _("No locker is theirs any more"), True),
            (StepVerb.KEY, _("Every key is back"), True),
            (StepVerb.LOGIN, _("The log-in for the administration is closed"), True),
            (StepVerb.OTHER, _("The locker is emptied and what was inside handed over"), True),
        ]),
    ]  # fmt: skip
    made = []
    for kind, person_kind, name, steps in usual:
        procedure, is_new = Procedure.objects.get_or_create(
            organisation=organisation,
            kind=kind,
            person_kind=person_kind,
            defaults={"name": name},
        )
        if is_new:
            ProcedureStep.objects.bulk_create(
                ProcedureStep(
                    procedure=procedure, position=place, verb=verb, words=words, is_required=needed
                )
                for place, (verb, words, needed) in enumerate(steps, 1)
            )
        made.append(procedure)
    return made
