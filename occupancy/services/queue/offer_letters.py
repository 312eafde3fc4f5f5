"""The letters about offers."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from access.choices import NoticeKind
from access.services import notices
from access.services.notices import Word


def tell(
    kind: NoticeKind,
    offer_id: int,
    *,
    at: dt.datetime,
    not_before: dt.datetime | None = None,
    useful_until: dt.datetime | None = None,
) -> None:
    """Write the letter about an offer, if its person has an address."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.site_id, p.id, p.email, c.number, b.name, b.directions, z.name, x.ends_at"
            " FROM occupancy_offer o JOIN occupancy_claim x ON x.id = o.claim_id"
            " JOIN access_person p ON p.id = x.holder_id"
            " JOIN lockers_compartment c ON c.id = x.compartment_id"
            " JOIN lockers_size z ON z.id = c.size_id"
            " JOIN lockers_bank b ON b.id = c.bank_id WHERE o.id = %s",
            (offer_id,),
        )
        site_id, person_id, email, number, bank, directions, size, until = cursor.fetchone()
    if not email:
        return
    notices.tell(
        Word(
            kind=kind,
            site_id=site_id,
            subject=f"offer:{offer_id}",
            facts={"number": number, "bank": bank, "directions": directions, "size": size,
                   "until": until.isoformat()},
            to=email,
            person_id=person_id,
            not_before=not_before,
            useful_until=useful_until,
        ),
        at=at,
    )  # fmt: skip
