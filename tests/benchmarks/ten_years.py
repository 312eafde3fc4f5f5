"""Ten years of a door that was used every day, among others that were used every tenth day."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import connection

from audit.actions import Action
from tests.benchmarks.place import Place

DAYS, DOORS = 3650, 40
# Of the door that was used every day; the others have a tenth of it.
OPENINGS_A_DAY, BY_KEY_EVERY, FAULT_EVERY, SERVICE_EVERY, CLEANED_EVERY = 5, 7, 30, 100, 7
ASSET_EVENTS = 12
# What a page of its history has to show in the end, by kind.
LINES = {
    "use": 2 * DAYS,
    "opening": OPENINGS_A_DAY * DAYS + DAYS // BY_KEY_EVERY,
    "fault": 2 * (DAYS // FAULT_EVERY),
    "part": DAYS // FAULT_EVERY,
    "round": DAYS // CLEANED_EVERY,
    "asset": ASSET_EVENTS,
    "service": DAYS // SERVICE_EVERY,
}

# In the order of time, as it came: so what one door has is scattered over the whole table.
_DAY = """
WITH day AS (
    SELECT d.id AS door, n, date_trunc('day', now()) - n * interval '1 day' AS at
    FROM lockers_compartment d, generate_series(1, %(days)s) n
    WHERE d.bank_id = %(bank)s AND (d.id = %(door)s OR (n + d.id) %% 10 = 0))
"""
_STATEMENTS = [
    _DAY
    + """
INSERT INTO occupancy_claim (compartment_id, kind, holder_id, policy_id, starts_at, ends_at,
                             started_at, closed_at, closed_how, at_end, renewals, booked_by)
SELECT door, 'assignment', %(person)s + n %% 1000, %(policy)s, at + interval '8 hours',
       at + interval '18 hours', at + interval '8 hours', at + interval '17 hours', 'finished',
       'release', 0, '' FROM day ORDER BY at, door
""",
    _DAY
    + """
INSERT INTO lockers_command (id, compartment_id, bridge_id, purpose, actor_kind, actor_id, status,
                             detail, requested_at, deadline, sent_at, actuated_at, opened_at,
                             ended_at)
SELECT gen_random_uuid(), door, %(bridge)s, 'claim', 'person', (%(person)s + n %% 1000)::text,
       'closed', '', t, t + interval '5 seconds', t, t, t, t + interval '20 seconds'
FROM day, generate_series(1, %(openings)s) o, LATERAL (
    SELECT at + interval '8 hours' + o * interval '100 minutes' AS t) x
ORDER BY t, door
""",
    # Three lines of a journal for each opening, the voltage every day, and now and then a key.
    _DAY
    + """
INSERT INTO lockers_lockevent (bridge_id, journal, seq, kind, compartment_id, command_id, detail,
                               occurred_at, received_at, clock_ok)
SELECT %(bridge)s, %(journal)s, row_number() OVER (ORDER BY t, door, kind), kind, door, command,
       detail, t, t, true
FROM (SELECT c.compartment_id AS door, c.id AS command, k.kind, '' AS detail,
             c.requested_at + k.after * interval '1 second' AS t
      FROM lockers_command c, (VALUES ('command_opened', 1), ('door_opened', 2),
                                      ('door_closed', 20)) k (kind, after)
      WHERE c.bridge_id = %(bridge)s
      UNION ALL
      SELECT door, NULL, 'battery_level', (6000 - n %% 700)::text, at + interval '3 hours' FROM day
      UNION ALL
      SELECT door, NULL, 'door_opened', '', at + interval '7 hours' FROM day
      WHERE n %% %(by_key)s = 0) told
ORDER BY t, door, kind
""",
    """
INSERT INTO maintenance_batteryreading (compartment_id, millivolts, at, event_id)
SELECT compartment_id, detail::integer, occurred_at, id FROM lockers_lockevent
WHERE bridge_id = %(bridge)s AND kind = 'battery_level' ORDER BY id
""",
    _DAY
    + """
INSERT INTO maintenance_ticket (site_id, bank_id, compartment_id, category, priority, status,
    summary, source, occurrences, opened_at, last_seen_at, due_at, closed_at, reopened, resolution,
    door_was, reference)
SELECT %(site)s, %(bank)s, door, 'jammed', 2, 'done', 'jammed', 'system', 1, at, at,
       at + interval '1 day', at + interval '2 hours', 0, 'Bolt changed', '', ''
FROM day WHERE n %% %(fault)s = 0 ORDER BY at, door
""",
    """
INSERT INTO maintenance_ticketentry (ticket_id, kind, at, actor_kind, actor_id, text)
SELECT t.id, k.kind, t.opened_at, 'job', 'triage', ''
FROM maintenance_ticket t, unnest(ARRAY['reported', 'started', 'closed']) k (kind)
WHERE t.bank_id = %(bank)s ORDER BY t.id
""",
    """
INSERT INTO maintenance_stockmove (stock_id, ticket_id, kind, change, quantity_after, unit_cost, at,
                                   actor_kind, actor_id, note)
SELECT %(stock)s, id, 'issued', -1, 5, 3, opened_at + interval '1 hour', 'job', '', ''
FROM maintenance_ticket WHERE bank_id = %(bank)s ORDER BY id
""",
    """
INSERT INTO maintenance_round (site_id, kind, name, day, starts_at, due_at, begun_at, closed_at,
                               closes_doors, is_cancelled, report)
SELECT %(site)s, 'cleaning', 'Clean', t::date, t, t + interval '3 hours', t,
       t + interval '3 hours', false, false, '{}'
FROM generate_series(1, %(days)s) n,
     LATERAL (SELECT date_trunc('day', now()) - n * interval '1 day' AS t) x
WHERE n %% %(cleaned)s = 0 ORDER BY n DESC
""",
    """
INSERT INTO maintenance_roundstop (round_id, compartment_id, position, planned_from, planned_until,
                                   is_visit, hindrance, result, done_at, note)
SELECT r.id, d.id, row_number() OVER (PARTITION BY r.id ORDER BY d.id), r.starts_at, r.due_at, true,
       '', 'passed', r.starts_at + interval '1 hour', ''
FROM maintenance_round r, lockers_compartment d
WHERE r.site_id = %(site)s AND d.bank_id = %(bank)s ORDER BY r.starts_at, d.id
""",
    # Each command and use left its line in the trail, and so did each round and ticket.
    _DAY
    + """
INSERT INTO audit_event (occurred_at, action, actor_kind, actor_id, organisation_id, site_id,
                         bank_id, compartment_id, subject, reason, data)
SELECT t, action, 'job', '', %(organisation)s, %(site)s, %(bank)s, door, '', '',
       '{"before": "in_service", "after": "fault"}'::jsonb
FROM (SELECT compartment_id AS door, 'door.opened' AS action, requested_at AS t
      FROM lockers_command WHERE bridge_id = %(bridge)s
      UNION ALL
      SELECT door, a, at + interval '8 hours'
      FROM day, unnest(ARRAY['assignment.claimed', 'assignment.released']) a
      UNION ALL
      SELECT door, %(service_changed)s, at + interval '1 hour' FROM day
      WHERE n %% %(service)s = 0) told
ORDER BY t, door
""",
    "INSERT INTO maintenance_assetevent (asset_id, compartment_id, kind, \"on\", at, actor_kind,"
    " actor_id, text, data) SELECT %(asset)s, %(door)s, 'serviced', at::date, at, 'job', '', '',"
    " '{}' FROM generate_series(1, %(asset_events)s) n,"
    " LATERAL (SELECT now() - n * interval '300 days' AS at) x",
]  # fmt: skip
_TABLES = (
    "occupancy_claim", "lockers_command", "lockers_lockevent", "maintenance_batteryreading",
    "maintenance_ticket", "maintenance_ticketentry", "maintenance_stockmove", "maintenance_round",
    "maintenance_roundstop", "maintenance_assetevent", "audit_event",
)  # fmt: skip


def build(place: Place) -> tuple[int, int]:
    """Write it all; return the door that was used every day, and one of the others."""
    from lockers.models import Bank, Bridge, Compartment, Organisation, Site, Size
    from tests.factories import upkeep

    site = Site.objects.create(organisation_id=place.organisation, name="Ten years")
    size = Size.objects.filter(organisation_id=place.organisation).first()
    bridge = Bridge.objects.create(site=site, name="Old")
    bank = Bank.objects.create(site=site, bridge=bridge, name="Old")
    doors = Compartment.objects.bulk_create(
        Compartment(
            bank=bank, number=str(n), size=size, column=n + 1, row=1, x_mm=n * 300, y_mm=0,
            width_mm=300, height_mm=180, floor_mm=100,
        )
        for n in range(DOORS)
    )  # fmt: skip
    ours = Organisation.objects.get(pk=place.organisation)
    model = upkeep.AssetModelFactory(organisation=ours, name=f"Old {site.pk}")
    part = upkeep.PartFactory(organisation=ours, number=f"Old-{site.pk}")
    stock = upkeep.StockFactory(part=part, store=upkeep.StoreFactory(site=site))
    asset = upkeep.AssetFactory(
        model=model, site=site, bank=bank, compartment=doors[0],
        state="installed", installed_on=dt.date(2016, 1, 4), serial="A-1",
    )  # fmt: skip
    named: dict[str, Any] = {
        "days": DAYS, "openings": OPENINGS_A_DAY, "by_key": BY_KEY_EVERY, "fault": FAULT_EVERY,
        "service": SERVICE_EVERY, "cleaned": CLEANED_EVERY, "asset_events": ASSET_EVENTS,
        "organisation": place.organisation, "site": site.pk, "bridge": bridge.pk, "bank": bank.pk,
        "door": doors[0].pk, "person": place.first_person, "policy": place.policy,
        "stock": stock.pk, "asset": asset.pk, "journal": uuid.uuid4(),
        "service_changed": Action.SERVICE_CHANGED.value,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, named)
        for table in _TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
    return doors[0].pk, doors[1].pk
