"""`make bench`: print one JSON object of figures; name one measurement to run it alone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def main(only: str | None) -> None:
    """Measure everything, or the one that is named, in an empty database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    from django.core.management import call_command

    from tests.benchmarks import (
        allotting,
        batteries,
        bridges,
        claims,
        deciding,
        door_histories,
        draws,
        expiring,
        journals,
        maps,
        offline,
        people,
        pins,
        policies,
        pushes,
        reserving,
        rollovers,
        rounds,
        starts,
        taps,
        triaging,
    )
    from tests.benchmarks.place import Place
    from tests.servers import ASGI, WSGI, free_port, serving

    measurements: dict[str, Callable[[Place], dict[str, Any]]] = {
        "claims": claims.measure,
        "policies": policies.measure,
        "taps": taps.measure,
        "pushes": pushes.measure,
        "maps": maps.measure,
        "deciding": deciding.measure,
        "expiring": expiring.measure,
        "people": people.measure,
        "pins": pins.measure,
        "reserving": reserving.measure,
        "bridges": bridges.measure,
        "starts": starts.measure,
        "journals": journals.measure,
        "offline": offline.measure,
        "triaging": triaging.measure,
        "rounds": rounds.measure,
        "door_histories": door_histories.measure,
        "batteries": batteries.measure,
        "allotting": allotting.measure,
        "draws": draws.measure,
        "rollovers": rollovers.measure,
    }
    if only and only not in measurements:
        sys.exit(f"There is no measurement {only!r}. Choose one of: {', '.join(measurements)}.")
    call_command("migrate", verbosity=0)
    place = Place.build()
    figures: dict[str, Any] = {"cores": os.cpu_count()}
    for name, measure in measurements.items():
        if only in (None, name):
            print(f"measuring {name} ...", file=sys.stderr)
            place.port = free_port()
            server = WSGI if name == "claims" else ASGI
            with serving(server, place.port):
                figures |= measure(place)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
