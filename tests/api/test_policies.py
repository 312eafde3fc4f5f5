"""Policies and groups of doors through the API."""

from __future__ import annotations

from audit.models import Event
from occupancy.models import CompartmentGroup, Policy
from tests import factories
from tests.api.conftest import Api, codes, key
from tests.factories.cast import Estate

HERE = "/api/v1/policies/"


def visitors(estate: Estate) -> dict[str, object]:
    return {
        "name": "Visitors", "where": f"bank:{estate.bank.pk}", "model": "visitor",
        "person_kinds": ["visitor"], "ends_at_time": "18:00", "sizes": [estate.small.pk],
        "grace": "15 min", "ranking": ["smallest", "near"],
    }  # fmt: skip


def test_a_policy_is_set_up_once_with_one_key_and_read(estate: Estate, api: Api) -> None:
    max_, same = api("max"), key()
    first, again = (max_.post(HERE, visitors(estate), "json", headers=same) for _each in range(2))
    assert first.status_code == 201, first.json()
    assert first.json() == again.json()
    told = max_.get(f"{HERE}{first.json()['id']}/").json()
    assert told == first.json()
    assert (told["where"], told["ends_at_time"], told["grace"]) == (
        f"bank:{estate.bank.pk}", "18:00", "15 min",
    )  # fmt: skip
    assert told["ranking"] == ["smallest", "near"]
    assert Event.objects.filter(subject=f"occupancy.policy:{told['id']}").exists()


def test_a_change_is_looked_at_first_and_leaves_the_rest(estate: Estate, api: Api) -> None:
    max_ = api("max")
    address = f"{HERE}{estate.policy.pk}/"
    body = {"person_kinds": ["visitor"]}
    seen = max_.post(f"{address}preview/", body, "json", headers=key())
    assert seen.status_code == 200, seen.json()
    assert "Nobody could get a door in bank A any more." in [
        line["text"] for line in seen.json()["lines"]
    ]
    assert Policy.objects.get().person_kinds == []
    changed = max_.post(f"{address}change/", body, "json", headers=key())
    assert changed.status_code == 200, changed.json()
    after = changed.json()
    assert (after["person_kinds"], after["name"], after["limit_per_person"]) == (
        ["visitor"], "Day use", 1,
    )  # fmt: skip


def test_what_the_form_refuses_is_told_by_field(estate: Estate, api: Api) -> None:
    body = visitors(estate) | {"model": "shift", "grace": "soon"}
    answer = api("max").post(HERE, body, "json", headers=key())
    assert codes(answer) == (400, "invalid")
    assert set(answer.json()["facts"]) >= {"grace"}


def test_only_who_manages_the_place_sets_up_and_changes(estate: Estate, api: Api) -> None:
    olga = api("olga")
    assert olga.get(HERE).json()["results"][0]["name"] == "Day use"
    refused = olga.post(HERE, visitors(estate), "json", headers=key())
    assert codes(refused) == (404, "not_found"), "no such place for her"
    change = olga.post(f"{HERE}{estate.policy.pk}/change/", {}, "json", headers=key())
    assert codes(change) == (404, "not_found")
    assert api("nina").get(HERE).json()["results"] == []


def test_what_applies_is_explained(estate: Estate, api: Api) -> None:
    factories.PolicyFactory(
        organisation=estate.organisation, bank=estate.bank, name="Visitors",
        person_kinds=["visitor"],
    )  # fmt: skip
    asked = {"person": estate.amira.pk, "bank": estate.bank.pk}
    told = api("olga").get(f"{HERE}explain/", asked).json()
    assert [(one["name"], one["verdict"]) for one in told["policies"]] == [
        ("Visitors", "for others"), ("Day use", "governs"),
    ]  # fmt: skip
    assert [one["number"] for one in told["doors"]] == ["1", "2", "3"]
    assert told["doors"][1]["why"] == "Better than 3 by: the smallest that fits."
    carla = api("olga").get(f"{HERE}explain/", asked | {"person": estate.carla.pk}).json()
    assert carla["refused"] and carla["doors"] == []
    assert codes(api("nina").get(f"{HERE}explain/", asked)) == (404, "not_found")


def test_a_group_of_doors_is_named_and_changed(estate: Estate, api: Api) -> None:
    max_, here = api("max"), "/api/v1/door-groups/"
    body = {"organisation": estate.organisation.pk, "name": "Row", "doors": "A 1-2"}
    made = max_.post(here, body, "json", headers=key())
    assert made.status_code == 201, made.json()
    pk = made.json()["id"]
    assert max_.get(f"{here}{pk}/").json()["doors"] == "A 1-2"
    seen = max_.post(f"{here}{pk}/preview/", {"doors": "A 3"}, "json", headers=key())
    assert seen.status_code == 200
    changed = max_.post(f"{here}{pk}/change/", {"doors": "A 3"}, "json", headers=key())
    assert changed.json()["doors"] == "A 3"
    assert CompartmentGroup.objects.get().compartments.get().number == "3"
    wrong = max_.post(f"{here}{pk}/change/", {"doors": "B 3"}, "json", headers=key())
    assert codes(wrong) == (400, "invalid")
    assert max_.get(here).json()["results"][0]["id"] == pk
