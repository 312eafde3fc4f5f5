from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Where limits on log-ins are counted: a restart does not forget them, and every process sees the
# same numbers. The columns are those of Django's database cache.
_CACHE = """
CREATE TABLE config_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX config_cache_expires ON config_cache (expires);
"""


def keep_what_staff_could_do(apps: Any, schema_editor: Any) -> None:
    """Give the new right to open any door to those who could do it until now."""
    given = apps.get_model("access", "SiteUserPermission")
    operators = list(given.objects.filter(permission__codename="operate_site"))
    if not operators:
        return
    kind = apps.get_model("contenttypes", "ContentType").objects.get(
        app_label="lockers", model="site"
    )
    right, _made = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind,
        codename="override_site",
        defaults={"name": "Can open any door of this site without its holder"},
    )
    given.objects.bulk_create(
        given(user_id=row.user_id, content_object_id=row.content_object_id, permission=right)
        for row in operators
    )


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0005_people"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("lockers", "0006_site_rights"),
    ]

    operations = [
        migrations.AddField(
            model_name="siteuserpermission",
            name="by_role",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="siteuserpermission",
            name="ends_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="ends at"),
        ),
        migrations.CreateModel(
            name="AreaUserPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "by_role",
                    models.BooleanField(db_default=False, default=False, editable=False),
                ),
                (
                    "ends_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="ends at"),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="lockers.area"
                    ),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="RoleAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("organisation_admin", "organisation admin"),
                            ("site_manager", "site manager"),
                            ("reception", "reception"),
                            ("facilities", "facilities"),
                            ("security", "security"),
                            ("auditor", "auditor"),
                            ("teacher", "teacher"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "given_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="given by"),
                ),
                ("given_at", models.DateTimeField(verbose_name="given at")),
                (
                    "ends_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="ends at"),
                ),
                (
                    "area",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_assignments",
                        to="lockers.area",
                        verbose_name="area",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_assignments",
                        to="lockers.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_assignments",
                        to="lockers.site",
                        verbose_name="site",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_assignments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="member of staff",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of staff",
                "verbose_name_plural": "staff",
                "ordering": ["user", "role", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("area__isnull", True),
                            ("organisation__isnull", False),
                            ("site__isnull", True),
                        )
                        | models.Q(
                            ("area__isnull", True),
                            ("organisation__isnull", True),
                            ("site__isnull", False),
                        )
                        | models.Q(
                            ("area__isnull", False),
                            ("organisation__isnull", True),
                            ("site__isnull", True),
                        ),
                        name="access_role_is_given_on_one_place",
                    ),
                    models.UniqueConstraint(
                        fields=("user", "role", "organisation", "site", "area"),
                        name="access_one_role_per_place",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.RunPython(keep_what_staff_could_do, migrations.RunPython.noop),
        migrations.RunSQL(_CACHE, "DROP TABLE config_cache"),
    ]
