"""Addresses get the one spelling that they are looked up by. Two accounts of one mailbox stay two,
told apart by how they are spelt; which of them is kept is for a person to decide.
"""

import sys

from django.core.exceptions import ValidationError
from django.db import migrations

from extract.text import email_address


def respell(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    kept = dict(users.values_list("email", "pk"))
    for old, pk in sorted(kept.items()):
        try:
            new = email_address(old).lower()
        except ValidationError:
            _say(f"Account {pk}: {old!r} is no address any more; change it in the back office.")
            continue
        if new == old:
            continue
        if new in kept:
            _say(f"Accounts {pk} ({old!r}) and {kept[new]} ({new!r}) have one mailbox: keep one.")
            continue
        users.filter(pk=pk).update(email=new)
        kept[new] = pk
    staff = users.filter(is_staff=True)
    for pk, email in staff.values_list("pk", "email"):
        users.filter(pk=pk).update(proved_email=email)


def _say(line):
    print(line, file=sys.stderr)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_proved_email")]
    operations = [migrations.RunPython(respell, migrations.RunPython.noop, elidable=True)]
