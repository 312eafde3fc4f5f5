from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lockers", "0007_recovery_right"),
    ]

    operations = [
        migrations.AlterField(
            model_name="controller",
            name="driver",
            field=models.CharField(
                choices=[
                    ("modbus_relay", "Modbus relay board with door contacts"),
                    ("lcb8a", "8A lock board, 8 to 50 channels"),
                    ("kerong_cu16", "KERONG CU16, NCU16L or CU12"),
                    ("wkly", "WKLY lock board"),
                    ("winnsen", "Winnsen lock board"),
                    ("uhppote", "UHPPOTE network controller"),
                    ("mqtt_openlocker", "Open-Locker gateway (MQTT)"),
                    (
                        "mqtt_relay",
                        "Relays behind an MQTT broker (Tasmota, ESPHome, Zigbee2MQTT)",
                    ),
                    ("simulator", "Simulated board"),
                ],
                max_length=24,
                verbose_name="driver",
            ),
        ),
    ]
