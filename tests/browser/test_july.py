"""July at a school, as its office does it: a form is collected, and the school goes over.

The collection is prepared, pupils and guardians are reminded, the form is gone through on a tablet,
the lists are looked at; then the next year is looked at, done, undone as a whole and done again.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from access.choices import SignedHow
from access.models import Hold, Person
from access.services import keys, notices
from access.signatures import Signature
from audit.actions import Action
from audit.models import Event
from lockers.models import BridgePresence
from maintenance.models import Collection, CollectionLine
from occupancy.choices import AtEnd, UseModel
from occupancy.models import Claim, Recovery, RolloverChange
from occupancy.services.custody import giving
from occupancy.services.ending import lost_property, recovery
from occupancy.services.ending.lost_property import Found
from tests import factories, servers
from tests.browser.clocks import STOPPED, Clock
from tests.factories.cast import SETUP, Estate
from tests.factories.school import PupilFactory
from tests.factories.school_collections import TermEnd, term_end

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
JULY = dt.datetime(2027, 7, 19, 8, 0, tzinfo=dt.UTC)
TABLET = (820, 1180)


@pytest.fixture
def end(transactional_db: None) -> TermEnd:
    """Make form 7A with six pupils: two with badge doors, two with keys, two with dials."""
    end = term_end(Estate.build(at=JULY), JULY, begun=False)
    Collection.objects.all().delete()
    estate, form = end.estate, end.school.form("7A")
    keyed = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="K2", column=23, lock_kind="keyed"
    )
    dial = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="C2", column=24, lock_kind="combination"
    )
    doors = [keyed, estate.doors[2], dial]
    for number, door in enumerate(doors, 13):
        pupil = PupilFactory(
            registration_group=form, given_name=f"Pupil{number}", family_name="Of7A",
            personal_number=str(700_000 + number),
        )  # fmt: skip
        claim = giving.give(
            policy_id=estate.policy.pk, compartment_id=door.pk, person_id=pupil.pk, actor=SETUP,
            at=JULY, ends_at=None,
        )  # fmt: skip
        end.claims.append(claim)
    Claim.objects.update(ends_at=None, due_at=None)
    key = factories.KeyFactory(lock=factories.LockFactory(compartment=keyed), copy=1)
    keys.issue(
        key=key, person=end.claims[4].holder, actor=SETUP, at=JULY,
        signature=Signature("Pupil13", SignedHow.TYPED),
    )  # fmt: skip
    Person.objects.filter(pk=end.pupil(1).pk).update(
        email="one@school.example", guardian_name="Ms One", guardian_email="home@one.example"
    )
    BridgePresence.objects.update(last_seen_at=JULY.replace(year=2100))
    return end


@pytest.fixture
def url(end: TermEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    clock = Clock(tmp_path / "clock", JULY)
    monkeypatch.setattr(timezone, "now", clock.told)
    monkeypatch.setenv("STOPPED_CLOCK", str(clock.file))
    monkeypatch.setenv("LOCKWRIGHT_VAR", str(tmp_path / "var"))
    with servers.serving(STOPPED) as address:
        yield address


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    """Log the office in on a tablet that is held upright."""
    context = chromium.new_context(viewport={"width": TABLET[0], "height": TABLET[1]})
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{url}/account/login/?next=/admin/")
    page.get_by_label("User name or e-mail address").fill("max")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/admin/")
    yield page
    context.close()
    assert errors == []


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for one."""
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"july-{name}.png", full_page=True)


def verb(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).filter(visible=True).first.click()


def touch(page: Page, pupil: str, what: str, answer: str) -> None:
    row = page.locator(".pupil").filter(has_text=pupil)
    row.get_by_role("group", name=what).get_by_role("button", name=answer, exact=True).click()


def collect(page: Page, end: TermEnd) -> None:
    """Go through the form: two give all back, one lost the key, one damaged, one is not empty."""
    page.locator(".forms__one").click()
    expect(page.locator("#progress")).to_have_text("0 of 6 collected")
    look(page, "2-form")
    for pupil in ("Pupil1", "Pupil13"):
        name = f"Of7A, {pupil}"
        row = page.locator(".pupil").filter(has=page.get_by_text(name, exact=True))
        for what, answer in (("Emptied", "Yes"), ("Key", "Back"), ("Condition", "Good")):
            if (group := row.get_by_role("group", name=what)).count():
                group.get_by_role("button", name=answer, exact=True).click()
    touch(page, "Pupil2", "Emptied", "Yes")
    touch(page, "Pupil2", "Key", "Not back")
    page.locator(".pupil").filter(has_text="Pupil2").get_by_text("The key is lost").click()
    look(page, "3-lost")
    page.locator(".pupil").filter(has_text="Pupil2").get_by_role(
        "button", name="It is lost"
    ).click()
    touch(page, "Pupil2", "Condition", "Good")
    touch(page, "Pupil3", "Emptied", "No")
    touch(page, "Pupil3", "Condition", "Good")
    touch(page, "Pupil14", "Emptied", "Yes")
    touch(page, "Pupil14", "Condition", "Damaged")
    expect(page.locator("#progress")).to_have_text("4 of 6 collected")
    servers.until(lambda: Claim.objects.filter(kind="assignment", closed_at=None).count() == 3)
    servers.until(lambda: end_lines(end, "lost") == 1)
    look(page, "4-said")


def end_lines(end: TermEnd, key: str) -> int:
    return CollectionLine.objects.filter(
        person=end.pupil(2), key=key, charges__isnull=False
    ).count()


def test_a_form_is_collected_and_the_school_goes_over_to_the_next_year(
    page: Page, url: str, end: TermEnd
) -> None:
    # The office prepares it.
    page.goto(f"{url}/admin/maintenance/collection/add/")
    page.locator("[name=name]").fill("Summer 2027")
    page.locator("[name=site]").select_option(str(end.estate.site.pk))
    page.locator("[name=session]").select_option(str(end.school.session.pk))
    for name, day in (("starts_on", "2027-07-19"), ("ends_on", "2027-07-21")):
        page.locator(f"[name={name}]").fill(day)
    page.get_by_role("button", name="Save", exact=True).click()
    one = Collection.objects.get()
    home = f"{url}/admin/maintenance/collection/{one.pk}/change/"
    page.goto(home)
    look(page, "0-office")
    verb(page, "Begin")
    page.get_by_label("7A").check()
    page.get_by_role("button", name="Put them onto the list").click()
    expect(page.get_by_text("6 lockers are to be collected.")).to_be_visible()

    # Pupil and guardian are written to.
    verb(page, "Remind now")
    page.get_by_role("button", name="Write to them").click()
    expect(page.get_by_text("2 letters were written.")).to_be_visible()
    notices.send_due(at=JULY + dt.timedelta(minutes=1))
    assert {one.to[0] for one in mail.outbox} == {"one@school.example", "home@one.example"}

    # On the tablet.
    verb(page, "On the tablet")
    look(page, "1-forms")
    collect(page, end)

    # What is not back; one locker is emptied by staff, and what was inside is kept for its owner.
    page.goto(home)
    verb(page, "Not collected")
    expect(page.get_by_role("row").filter(has_text="Of7A")).to_have_count(2)
    look(page, "5-uncollected")
    left = end.claims[-1].compartment.number
    page.get_by_label(f"Empty locker {left} of Pupil15 Of7A").check()
    page.get_by_role("button", name="Begin to empty what is ticked").click()
    expect(page.get_by_text("1 locker is being emptied.")).to_be_visible()
    begun = Recovery.objects.get().pk
    recovery.opened_by_key(
        recovery_id=begun, user_id=end.estate.max.pk, at=JULY, reason="not collected"
    )
    lost_property.store_item(
        recovery_id=begun, found=Found(what="A scarf", stored_where="Box 7A"), actor=SETUP, at=JULY
    )
    recovery.close(recovery_id=begun, actor=SETUP, at=JULY)
    page.goto(home)
    verb(page, "Lost property")
    expect(page.get_by_role("heading", name="Pupil15 Of7A, 7A (1)")).to_be_visible()
    expect(page.get_by_role("link", name="A scarf")).to_be_visible()
    page.goto(home)
    verb(page, "Charges")
    owing = page.get_by_role("row").filter(has_text="Pupil2 Of7A")
    expect(owing).to_contain_text("Key of A K1 lost")
    expect(owing).to_contain_text("to pay")
    look(page, "6-charges")

    # Who is not cleared is stopped, until somebody clears them by name.
    page.goto(home)
    verb(page, "Close")
    look(page, "7-close")
    page.get_by_role("button", name="Close").click()
    servers.until(lambda: Collection.objects.get().closed_at is not None)
    stopped = Hold.objects.filter(lifted_at=None)
    assert {hold.person for hold in stopped} == {end.pupil(2), end.pupil(3)}
    page.goto(home)
    look(page, "8-report")
    line = CollectionLine.objects.get(person=end.pupil(2))
    page.goto(f"{url}/admin/maintenance/collectionline/{line.pk}/change/")
    verb(page, "Clear")
    page.get_by_label("Reason").fill("Paid on 19 July")
    page.get_by_role("button", name="Clear").click()
    servers.until(lambda: not stopped.filter(person=end.pupil(2)).exists())

    goes_over(page, url, end)


def goes_over(page: Page, url: str, end: TermEnd) -> None:
    """Look at the next year, do it, undo it as a whole, and do it again otherwise."""
    door = door_for_years(end)
    newcomer = PupilFactory(
        registration_group=end.school.form("7A"), given_name="New", family_name="Comer",
        starts_on=end.school.next_session.starts_on,
    )  # fmt: skip
    home = prepare(page, url, end)
    look(page, "9-rollover")
    verb(page, "Preview")
    for row in ("Leave 6", "Go up 9", "New intake, stay where they are 1",
                "Doors kept for the new year 1", "Doors given back 0"):  # fmt: skip
        expect(page.get_by_role("row", name=row, exact=True)).to_be_visible()
    page.get_by_text("The new intake (1)").click()
    expect(page.get_by_text("New Comer, 7A")).to_be_visible()
    look(page, "10-preview")
    before = forms()
    go_over(page, home)
    assert forms() != before and forms()[newcomer.pk] == before[newcomer.pk]
    assert Event.objects.filter(action=Action.ROLLED_OVER).count() == 1
    assert RolloverChange.objects.filter(person__isnull=False).count() >= 15
    door.refresh_from_db()
    assert door.due_at == dt.datetime(2028, 7, 21, 23, tzinfo=dt.UTC)
    undo(page, home)
    expect(page.get_by_text("changes were undone.")).to_be_visible()
    assert forms() == before
    # The second time year 7 gives its doors back.
    home = prepare(page, url, end)
    page.locator("[name=years-1-doors]").select_option("reshuffle")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    go_over(page, home)
    look(page, "11-done")
    door.refresh_from_db()
    assert door.closed_at is not None
    # After a change by hand it stays.
    Person.objects.filter(pk=end.pupil(1).pk).update(registration_group=None)
    undo(page, home)
    expect(page.get_by_role("alert")).to_contain_text("Changed by hand since")
    assert forms() != before


def door_for_years(end: TermEnd) -> Claim:
    """Give a pupil whose form is not collected a door that may be kept from year to year."""
    estate = end.estate
    policy = factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="School year",
        model=UseModel.PERMANENT, person_kinds=["student"], at_end=AtEnd.HOLD,
    )  # fmt: skip
    door = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="C9", column=25, lock_kind="combination"
    )
    return giving.give(
        policy_id=policy.pk, compartment_id=door.pk, person_id=end.school.of("7B")[1].pk,
        actor=SETUP, at=JULY, ends_at=dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC),
    )  # fmt: skip


def undo(page: Page, home: str) -> None:
    page.goto(home)
    verb(page, "Undo")
    page.get_by_role("button", name="Undo all of it").click()


def prepare(page: Page, url: str, end: TermEnd) -> str:
    page.goto(f"{url}/admin/occupancy/rollover/add/")
    page.locator("[name=site]").select_option(str(end.estate.site.pk))
    page.locator("[name=from_session]").select_option(str(end.school.session.pk))
    page.locator("[name=to_session]").select_option(str(end.school.next_session.pk))
    page.get_by_role("button", name="Save and continue editing").click()
    page.wait_for_url("**/change/")
    return page.url


def go_over(page: Page, home: str) -> None:
    page.goto(home)
    verb(page, "Go over to the new year")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("6 left, 9 went up.")).to_be_visible()


def forms() -> dict[int, tuple[int | None, str]]:
    rows = Person.objects.values_list("pk", "registration_group_id", "status")
    return {pk: (form, status) for pk, form, status in rows}
