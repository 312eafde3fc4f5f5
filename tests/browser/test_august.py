"""August at a school, as its office and a pupil do it: from the list of pupils to the papers.

The pupils are read in, the allotment with its rules is prepared and tried out, two pupils say by
the link of their letter what they wish for, the draw is done, every door is given, and a form's
list to hand out is printed. Whoever wished sees on the phone what stands on that list.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from access.models import Person
from lockers.models import Bank, Compartment
from occupancy.choices import AtEnd, UseModel
from occupancy.models import Allotment, Allotted, Assignment, Policy
from tests import factories, paper, servers
from tests.access.pupil_files import HEADERS, row
from tests.browser.clocks import STOPPED, Clock
from tests.factories.cast import Estate
from tests.factories.school import School, school
from tests.lockers.files import csv_of
from tests.occupancy.allotting.conftest import AUGUST, bank_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FORMS = ("7A", "7B", "8A", "8B")
ADDRESS = re.compile(r"(/wishes/[^/\s]+/)")
CODE = re.compile(r"^[A-Z0-9]{4} [A-Z0-9]{4}$", re.M)


@pytest.fixture
def here(transactional_db: None) -> School:
    """Make a school that knows its years, forms and doors, and none of its pupils."""
    estate = Estate.build(at=AUGUST)
    made = school(estate, each=0)
    north, _south = bank_of(estate, "North", 8), bank_of(estate, "South", 6)
    for door in north.compartments.all():
        factories.KeyFactory(lock=factories.LockFactory(compartment=door), copy=1)
    Policy.objects.create(
        organisation=estate.organisation, site=estate.site, name="School year",
        model=UseModel.PERMANENT, person_kinds=["student"], at_end=AtEnd.HOLD,
    )  # fmt: skip
    return made


@pytest.fixture
def clock(here: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(tmp_path / "clock", AUGUST)
    monkeypatch.setattr(timezone, "now", clock.told)
    monkeypatch.setenv("STOPPED_CLOCK", str(clock.file))
    monkeypatch.setenv("LOCKWRIGHT_VAR", str(tmp_path / "var"))
    return clock


@pytest.fixture
def url(clock: Clock) -> Iterator[str]:
    with servers.serving(STOPPED) as address:
        yield address


@pytest.fixture
def errors() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def office(chromium: Browser, url: str, errors: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{url}/account/login/?next=/admin/")
    page.get_by_label("User name or e-mail address").fill("max")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/admin/")
    yield page
    context.close()


@pytest.fixture
def phone(chromium: Browser, errors: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for one."""
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"august-{name}.png", full_page=True)


def verb(page: Page, name: str) -> None:
    # Its icon is a letter of a font, which comes before the name.
    said = re.compile(rf"(^|\s){re.escape(name)}$")
    page.get_by_role("link", name=said).filter(visible=True).first.click()


def search_and_choose(page: Page, field: str, *names: str) -> None:
    """Look for things in a field that searches, and take each."""
    box = page.locator(f"select[name='{field}']").locator("xpath=..")
    for name in names:
        box.locator(".select2-selection").click()
        box.locator(".select2-search__field").fill(name)
        page.locator(".select2-results__option", has_text=name).first.click()
        expect(box.locator(".select2-selection")).to_contain_text(name)


def pupils() -> list[list[str]]:
    """Return the office's list: three pupils each form, one of them with a need."""
    return [
        row(
            admission_number=str(700_001 + at), forename=f"Pupil{at + 1}",
            surname=f"Of{FORMS[at // 3]}", year_group=f"Year {FORMS[at // 3][0]}",
            registration_group=FORMS[at // 3], house="Curie" if at % 2 else "Noether",
        )
        for at in range(12)
    ]  # fmt: skip


def test_from_the_list_of_pupils_to_the_list_to_hand_out(
    office: Page, phone: Page, url: str, clock: Clock, here: School, tmp_path: Path
) -> None:
    read_in(office, url, here, tmp_path)
    home = prepare(office, url, here)
    try_out(office, home)
    letters = open_for_wishes(office, home)
    wish(phone, url, letters["Pupil1 Of7A"])
    clock.set(AUGUST + dt.timedelta(days=8))
    draw_and_give(office, home)
    see_why(phone, url, letters["Pupil1 Of7A"])
    hand_out(office, url, here)


def read_in(page: Page, url: str, here: School, tmp_path: Path) -> None:
    """Read the list in; first with a form that nobody has, which stops all of it."""
    file = tmp_path / "pupils.csv"
    wrong = pupils()
    wrong[4][HEADERS.index("registration_group")] = "7X"
    for lines, says in ((wrong, "There is no form “7X”"), (pupils(), "12 new")):
        file.write_bytes(csv_of(HEADERS, *lines))
        page.goto(f"{url}/admin/access/pupil/import/")
        page.locator("[name=site]").select_option(str(here.site.pk))
        page.locator("[name=import_file]").set_input_files(file)
        page.locator("input[type=submit], button[type=submit]").filter(visible=True).last.click()
        expect(page.get_by_text(says).first).to_be_visible()
        look(page, f"1-import-{says[:2]}")
        assert not Person.objects.filter(personal_number="700001").exists()
    page.get_by_role("button", name="Import all of it").click()
    servers.until(lambda: Person.objects.filter(registration_group__in=here.forms).count() == 12)


def prepare(page: Page, url: str, here: School) -> str:
    """Make the allotment: both years take part, and year 8 has South to itself."""
    page.goto(f"{url}/admin/occupancy/allotment/add/")
    page.locator("[name=site]").select_option(str(here.site.pk))
    page.locator("[name=session]").select_option(str(here.session.pk))
    page.locator("[name=name]").fill("Hall lockers")
    page.locator("[name=policy]").select_option(label="School year")
    search_and_choose(page, "banks", "North", "South")
    page.locator("[name=held_back]").fill("0")
    page.locator("[name=years-0-year_group]").select_option(label="Year 7")
    page.get_by_role("link", name="Add another Year group of an allotment").click()
    page.locator("[name=years-1-year_group]").select_option(label="Year 8")
    page.get_by_role("link", name="Add another Rule of an allotment").click()
    search_and_choose(page, "rules-0-year_groups", "Year 8")
    search_and_choose(page, "rules-0-banks", "South")
    page.locator("[name=rules-0-is_exclusive]").check()
    look(page, "2-prepared")
    page.get_by_role("button", name="Save and continue editing").click()
    page.wait_for_url("**/change/")
    look(page, "2-saved")
    return page.url


def try_out(page: Page, home: str) -> None:
    """Try every method; nobody gets anything by it."""
    verb(page, "Compare the methods")
    page.get_by_role("button", name="Try them").click()
    expect(page.get_by_role("row").filter(has_text="12 / 12")).not_to_have_count(0)
    look(page, "3-compared")
    assert not Assignment.objects.exists()
    page.goto(home)


def open_for_wishes(page: Page, home: str) -> dict[str, tuple[str, str]]:
    """Commit to a seed and print the letters; return each pupil's address and code."""
    verb(page, "Open for wishes")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("It is open for wishes.")).to_be_visible()
    page.goto(home)
    verb(page, "Letters")
    with page.expect_download() as printed:
        page.get_by_role("button", name="Make them").click()
    pages = paper.texts(Path(printed.value.path()).read_bytes())
    slips: dict[str, tuple[str, str]] = {}
    for texts in pages:
        for at, text in enumerate(texts):
            if re.fullmatch(r"Pupil\d+ Of\d[AB]", text):
                said = "\n".join(texts[at : at + 8])
                address, code = ADDRESS.search(said), CODE.search(said)
                assert address is not None and code is not None, said
                slips[text] = address[1], code[0]
    assert len(slips) == 12
    return slips


def wish(page: Page, url: str, letter: tuple[str, str]) -> None:
    """Choose by phone: a very door, then the rest of its bank."""
    page.goto(url + letter[0])
    page.get_by_label("Code").fill(letter[1])
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Wish 1").select_option(label="North (8 doors)")
    page.get_by_label("Door").first.fill("N5")
    look(page, "4-wishes")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("status")).to_contain_text("You can change it as often as you like")


def draw_and_give(page: Page, home: str) -> None:
    page.goto(home)
    verb(page, "Draw")
    page.get_by_role("button", name="Draw").click()
    expect(page.get_by_text("Drawn.")).to_be_visible()
    allotment = Allotment.objects.get()
    page.goto(home)
    expect(page.get_by_text(allotment.seed)).to_be_visible()
    verb(page, "Give the doors")
    expect(page.get_by_text("12 of 12 pupils get a door")).to_be_visible()
    look(page, "5-give")
    page.get_by_role("button", name="Give them").click()
    expect(page.get_by_text("12 got a door, 0 keep theirs, 0 wait.")).to_be_visible()
    south = Bank.objects.get(name="South")
    for one in Assignment.objects.select_related("compartment", "holder__year_group"):
        assert one.holder is not None
        assert (one.compartment.bank_id == south.pk) == (str(one.holder.year_group) == "Year 8")


def see_why(page: Page, url: str, letter: tuple[str, str]) -> None:
    page.goto(url + letter[0])
    expect(page.locator(".got__number")).to_have_text("N5")
    expect(page.get_by_text("and got your first wish")).to_be_visible()
    look(page, "6-why")


def hand_out(page: Page, url: str, here: School) -> None:
    """Print the list of form 7A: each pupil with the door that the draw gave them."""
    form = here.form("7A")
    page.goto(f"{url}/admin/lockers/site/{here.site.pk}/change/")
    page.get_by_role("link", name="List to hand out").click()
    page.get_by_label("Whose").select_option(label="7A")
    look(page, "7-hand-out")
    with page.expect_download() as printed:
        page.get_by_role("button", name="Make the list").click()
    (sheet,) = paper.texts(Path(printed.value.path()).read_bytes())
    assert sheet[0] == "Form 7A"
    got = Allotted.objects.filter(entry__person__registration_group=form)
    assert got.count() == 3
    for one in got:
        door = one.compartment
        assert isinstance(door, Compartment)
        line = sheet[sheet.index(str(one.entry.person)) :][:5]
        assert line[1:3] == ["North", door.number], settings.LANGUAGE_CODE
        assert line[4].startswith("Key")
