"""The reasoning behind "replace or repair", in one or two sentences."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from maintenance.costs import Advice, Because
from maintenance.selectors.asset_costs import Line


def reasoning(line: Line, currency: str) -> str:
    """Say why something should be repaired on or replaced."""
    judged, life = line.judgement, line.life
    facts = {
        "repaired": judged.repaired_per_year, "replaced": judged.replaced_per_year,
        "saving": abs(judged.saving), "money": currency, "failures": life.failures,
    }  # fmt: skip
    if judged.advice is Advice.REPLACE:
        first = _(
            "Repairs cost %(repaired)s %(money)s a year, a new one costs %(replaced)s %(money)s a"
            " year: replacing it saves %(saving)s %(money)s a year."
        )
    elif judged.is_past_end:
        first = _(
            "It is past its expected life, and repairs at %(repaired)s %(money)s a year still cost"
            " less than a new one at %(replaced)s %(money)s a year: keep a new one ready."
        )
    else:
        first = _(
            "Repairs cost %(repaired)s %(money)s a year, a new one would cost %(replaced)s"
            " %(money)s a year: repair it."
        )
    return f"{' '.join((first % facts).split())} {expectation(line)}"


def expectation(line: Line) -> str:
    """Say when it is expected to be at its end, and by what."""
    end, life = line.judgement.end, line.life
    on = date_format(end.on, "DATE_FORMAT")
    if end.because is Because.CYCLES:
        told = _("%(cycles)s of %(of)s openings are used up; the rest lasts until %(on)s.")
        if line.judgement.is_past_end:
            told = _("%(cycles)s openings are more than the %(of)s it was made for.")
        return told % {"cycles": life.cycles, "of": life.life_cycles, "on": on}
    if line.judgement.is_past_end:
        return _("Its %(years)s years were over on %(on)s.") % {"years": life.life_years, "on": on}
    return _("Its %(years)s years are over on %(on)s.") % {"years": life.life_years, "on": on}
