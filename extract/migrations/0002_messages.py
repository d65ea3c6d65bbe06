import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models import F, Q


def finish_states(apps, schema_editor):
    """Inbox rows were all recorded; outbox rows are never given up any more."""
    alias = schema_editor.connection.alias
    inbox = apps.get_model("extract", "InboxEvent").objects.using(alias)
    inbox.update(recorded_at=F("occurred_at"))
    inbox.filter(state="recorded").update(state="waiting")
    outbox = apps.get_model("extract", "OutboxEvent").objects.using(alias)
    outbox.filter(state="dead").update(state="waiting", done_at=None)
    outbox.exclude(sent_at=None).update(sends=1)


class Migration(migrations.Migration):

    dependencies = [
        ('extract', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='inboxevent', name='extract_inbox_recorded'),
        migrations.RemoveIndex(model_name='inboxevent', name='extract_inbox_due'),
        migrations.AddField(
            model_name='inboxevent',
            name='recorded_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='inboxevent',
            name='handed_to',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name='outboxevent',
            name='sends',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='outboxevent',
            name='sent_to',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AlterField(
            model_name='inboxevent',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('dead', 'Dead'), ('discarded', 'Discarded')], default='waiting', max_length=10),
        ),
        migrations.AlterField(
            model_name='outboxevent',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done')], default='waiting', max_length=10),
        ),
        migrations.RunPython(finish_states, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='inboxevent',
            index=models.Index(fields=['aggregate', 'state', 'id'], name='extract_inbox_undecided'),
        ),
        migrations.AddIndex(
            model_name='inboxevent',
            index=models.Index(condition=Q(('state', 'waiting')), fields=['due_at'], name='extract_inbox_due'),
        ),
        migrations.AddIndex(
            model_name='inboxevent',
            index=models.Index(condition=Q(('state', 'dead')), fields=['state', 'id'], name='extract_inbox_dead'),
        ),
        migrations.AddIndex(
            model_name='inboxevent',
            index=models.Index(fields=['done_at'], name='extract_inbox_done'),
        ),
        migrations.CreateModel(
            name='Beat',
            fields=[
                ('name', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('due_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField(db_index=True)),
                ('type', models.CharField(max_length=100)),
                ('aggregate', models.CharField(max_length=100)),
                ('correlation_id', models.CharField(max_length=128)),
                ('decision', models.CharField(choices=[('retried', 'Retried'), ('discarded', 'Discarded')], max_length=10)),
                ('by', models.CharField(max_length=150)),
                ('decided_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('attempts', models.PositiveIntegerField()),
                ('error', models.TextField(blank=True)),
            ],
        ),
    ]
