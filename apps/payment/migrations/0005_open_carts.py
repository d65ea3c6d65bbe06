from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payment', '0004_vat_territories'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='cart',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['updated_at'], name='payment_open_carts'),
        ),
    ]
