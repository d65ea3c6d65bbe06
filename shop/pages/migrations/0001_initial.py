import extract.text.model_fields
from django.db import migrations, models

from shop.pages.drafts import DRAFTS


def write_drafts(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    page = apps.get_model("pages", "StandingPage")
    for slug, (title, text) in DRAFTS.items():
        page.objects.get_or_create(slug=slug, defaults={"title": title, "text": text})


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="StandingPage",
            fields=[
                ("slug", models.SlugField(max_length=20, primary_key=True, serialize=False)),
                ("title", extract.text.model_fields.LineField(max_length=80)),
                (
                    "text",
                    extract.text.model_fields.ParagraphsField(
                        help_text="An empty line begins a paragraph. Web and e-mail addresses become links."
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={"verbose_name": "page", "ordering": ["title"]},
        ),
        migrations.RunPython(write_drafts, migrations.RunPython.noop),
    ]
