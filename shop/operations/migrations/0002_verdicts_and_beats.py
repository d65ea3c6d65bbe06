"""The proxies for what operators decided and for periodic work: no table of their own."""

from django.db import migrations

APPS = ("product", "payment", "invoice", "receipt")
TABLES = (
    ("Verdict", "verdict", "verdicts on dead letters"),
    ("Beat", "periodic work", "periodic works"),
)


class Migration(migrations.Migration):
    dependencies = [("extract", "0002_messages"), ("operations", "0001_initial")]
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
