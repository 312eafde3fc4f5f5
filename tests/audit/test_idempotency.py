from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from audit.errors import KeyMissing, KeyReused, Refusal
from audit.models import Answer
from audit.services import idempotency
from audit.services.idempotency import Reply, once
from lockers.models import Organisation

KEY = "a-client-made-key"


def add(name: str = "Once") -> Reply:
    Organisation.objects.create(name=name)
    return Reply(200, {"name": name})


def say_no() -> Reply:
    Organisation.objects.create(name="Never")
    raise Refusal().keep(lambda: Organisation.objects.create(name="Kept"))


@pytest.mark.django_db
def test_a_repeat_gets_the_first_answer_and_does_nothing() -> None:
    first = once(scope="user:1", key=KEY, request="r", work=add)
    assert once(scope="user:1", key=KEY, request="r", work=add) == first
    assert Organisation.objects.count() == 1


@pytest.mark.django_db
def test_a_refusal_is_rolled_back_remembered_and_keeps_what_it_must() -> None:
    first = once(scope="user:1", key=KEY, request="r", work=say_no)
    assert (first.status, first.body["code"]) == (409, "refused")
    assert once(scope="user:1", key=KEY, request="r", work=add) == first
    assert list(Organisation.objects.values_list("name", flat=True)) == ["Kept"]


@pytest.mark.django_db
def test_what_is_meant_to_be_tried_again_is_not_remembered() -> None:
    class Busy(Refusal):
        http_status = 503

    def busy() -> Reply:
        raise Busy

    assert once(scope="user:1", key=KEY, request="r", work=busy).status == 503
    assert once(scope="user:1", key=KEY, request="r", work=add).status == 200


@pytest.mark.django_db
def test_the_same_key_of_somebody_else_is_another_key() -> None:
    once(scope="user:1", key=KEY, request="r", work=add)
    assert once(scope="user:2", key=KEY, request="r", work=lambda: add("Twice")).body == {
        "name": "Twice"
    }


@pytest.mark.django_db
def test_a_key_for_a_different_request_is_refused() -> None:
    once(scope="user:1", key=KEY, request="r", work=add)
    with pytest.raises(KeyReused):
        once(scope="user:1", key=KEY, request="other", work=add)


@pytest.mark.parametrize("key", ["", "short", "x" * 81, "ключ-ключ-ключ"])
def test_a_missing_or_unusable_key_is_refused(key: str) -> None:
    with pytest.raises(KeyMissing):
        once(scope="user:1", key=key, request="r", work=add)


@pytest.mark.django_db
def test_answers_are_kept_longer_than_a_day_and_then_purged(at: dt.datetime) -> None:
    once(scope="user:1", key=KEY, request="r", work=add)
    now = Answer.objects.get().answered_at
    assert idempotency.purge(at=now + dt.timedelta(hours=25)) == 0
    assert idempotency.purge(at=now + dt.timedelta(hours=49)) == 1


@pytest.mark.django_db(transaction=True)
def test_twins_at_the_same_time_do_the_work_once_and_agree() -> None:
    both = threading.Barrier(2)
    answers: list[Reply] = []

    def work() -> Reply:
        number = Organisation.objects.count()
        both.wait(5)
        return add(f"Twin {number} {threading.get_ident()}")

    def ask() -> None:
        try:
            answers.append(once(scope="user:1", key=KEY, request="r", work=work))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers[0] == answers[1]
    assert Organisation.objects.count() == 1
