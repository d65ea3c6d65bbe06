"""The proxies by which the back office shows the layer's tables: no table of their own."""

from django.db import migrations

APPS = ("product", "payment", "invoice", "receipt")
TABLES = (
    ("OutboxEvent", "outbox event", "outbox events"),
    ("InboxEvent", "inbox event", "inbox events"),
    ("SagaRun", "saga", "sagas"),
    ("IdempotencyKey", "idempotency key", "idempotency keys"),
    ("Ownership", "ownership row", "ownership"),
    ("RelayLease", "relay lease", "relay leases"),
)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("extract", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name=f"{app.title()}{table}",
            fields=[],
            options={
                "verbose_name": f"{app} {one}",
                "verbose_name_plural": f"{app}: {many}",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=(f"extract.{table.lower()}",),
        )
        for app in APPS
        for table, one, many in TABLES
    ]
