from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_read_mails'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='proved_email',
            field=models.EmailField(blank=True, editable=False, max_length=254, verbose_name='proved address'),
        ),
    ]
