"""What is measured beside a claim is the claim's own SQL, whatever becomes of it."""

from __future__ import annotations

import pytest
from django.db import connection

from occupancy.models import Claim
from tests.benchmarks import claims
from tests.benchmarks.place import Place


@pytest.mark.django_db(transaction=True)
def test_the_bare_claim_sends_every_statement_of_the_claim() -> None:
    place = Place.build()
    # Says which statement it does not know.
    facts = place.raw_facts()
    taken = Claim.objects.count()
    claims.raw_claims(connection.connection, facts["statements"], facts, [0], [10, 11])
    assert Claim.objects.count() == taken + 2
