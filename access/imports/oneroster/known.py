"""What is known here of a school before its files are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from access.choices import PersonKind
from access.models import Person, RegistrationGroup
from lockers.models import Site


@dataclass(frozen=True)
class Known:
    """A site and what the register calls it and its forms and pupils, by their sourcedIds."""

    site: str
    org: str = ""
    # Other sites of the organisation by the org that they are.
    others: dict[str, str] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    # Of each pupil the sourcedId of their form, "" where that is not known.
    pupils: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site) -> Known:
        """Read it, with three queries."""
        others = Site.objects.filter(organisation_id=site.organisation_id).exclude(pk=site.pk)
        forms = RegistrationGroup.objects.filter(site=site).exclude(external_id="")
        pupils = Person.objects.filter(home_site=site, kind=PersonKind.STUDENT)
        return cls(
            site=site.name,
            org=site.external_id,
            others=dict(others.exclude(external_id="").values_list("external_id", "name")),
            forms=dict(forms.values_list("external_id", "name")),
            pupils={
                id_: form or ""
                for id_, form in pupils.exclude(external_id="").values_list(
                    "external_id", "registration_group__external_id"
                )
            },
        )
