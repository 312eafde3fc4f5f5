from __future__ import annotations

from django.db import migrations

# A credential belongs to the organisation of its person, whatever a form or a script says: readers
# look for it by that organisation.
FORWARD = """
ALTER TABLE access_person ADD CONSTRAINT access_person_of_organisation
    UNIQUE (id, organisation_id);
ALTER TABLE access_credential ADD CONSTRAINT access_credential_is_of_its_persons_organisation
    FOREIGN KEY (person_id, organisation_id) REFERENCES access_person (id, organisation_id)
    DEFERRABLE INITIALLY DEFERRED;
"""
BACKWARD = """
ALTER TABLE access_credential DROP CONSTRAINT access_credential_is_of_its_persons_organisation;
ALTER TABLE access_person DROP CONSTRAINT access_person_of_organisation;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0001_the_first_tables")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
