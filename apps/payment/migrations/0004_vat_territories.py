"""Rates of territories within countries; one that is there already is left as it is."""

from django.db import migrations, models

from apps.payment.vat import starting_territory_rates


def load(apps, schema_editor):
    rates = apps.get_model("payment", "VatRate").objects.using(schema_editor.connection.alias)
    for territory, tax_class, percent in starting_territory_rates():
        rates.get_or_create(country=territory, tax_class=tax_class, defaults={"percent": percent})


class Migration(migrations.Migration):
    dependencies = [("payment", "0003_replayed_line_digest")]

    operations = [
        migrations.AlterField(
            model_name="vatrate",
            name="country",
            field=models.CharField(max_length=6, verbose_name="Country or territory"),
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
