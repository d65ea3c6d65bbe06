"""The starting VAT rates; a rate that is there already is left as it is."""

from django.db import migrations

from apps.payment.vat import starting_rates


def load(apps, schema_editor):
    rates = apps.get_model("payment", "VatRate").objects.using(schema_editor.connection.alias)
    for country, tax_class, percent in starting_rates():
        rates.get_or_create(country=country, tax_class=tax_class, defaults={"percent": percent})


class Migration(migrations.Migration):
    dependencies = [("payment", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
