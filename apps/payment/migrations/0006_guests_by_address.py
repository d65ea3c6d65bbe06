import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payment', '0005_open_carts'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='order',
            index=models.Index(django.db.models.functions.text.Lower('email'), condition=models.Q(('subject', ''), models.Q(('email', ''), _negated=True)), name='payment_guests_by_address'),
        ),
    ]
