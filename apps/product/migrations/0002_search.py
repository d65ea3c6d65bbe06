"""The words that products are found by and the key that names are sorted by, for all that is there."""

import django.db.models.deletion
from django.db import migrations, models

from apps.product.words import sort_key, stem, words_of

AT_ONCE = 500


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    categories = apps.get_model("product", "Category").objects.using(alias)
    for category in categories.only("name"):
        categories.filter(pk=category.pk).update(sort_key=sort_key(category.name))
    products = apps.get_model("product", "Product").objects.using(alias)
    words = apps.get_model("product", "Word")
    last = 0
    while some := list(
        products.filter(pk__gt=last).order_by("pk").only("name", "sku", "description")[:AT_ONCE]
    ):
        for product in some:
            product.sort_key = sort_key(product.name)
        products.bulk_update(some, ["sort_key"])
        words.objects.using(alias).bulk_create(
            words(product_id=product.pk, place=place, word=word.encode(), stem=stem(word).encode())
            for product in some
            for place, text in ((0, product.name), (1, product.sku), (3, product.description))
            for word in words_of(text)
        )
        last = some[-1].pk


class Migration(migrations.Migration):
    dependencies = [("product", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="category",
            options={"ordering": ["position", "sort_key"], "verbose_name_plural": "categories"},
        ),
        migrations.AlterModelOptions(name="product", options={"ordering": ["sort_key", "id"]}),
        migrations.RemoveIndex(model_name="product", name="product_pro_is_acti_443bce_idx"),
        migrations.AddField(
            model_name="category",
            name="sort_key",
            field=models.BinaryField(default=b""),
        ),
        migrations.AddField(
            model_name="product",
            name="sort_key",
            field=models.BinaryField(default=b""),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                fields=["is_active", "sort_key", "id"], name="product_pro_is_acti_25f21a_idx"
            ),
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "place",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Name"), (1, "Sku"), (3, "Description")]
                    ),
                ),
                ("word", models.BinaryField()),
                ("stem", models.BinaryField()),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="words",
                        to="product.product",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["word", "stem", "product"], name="product_wor_word_5dda07_idx"
                    ),
                    models.Index(fields=["stem", "product"], name="product_wor_stem_82dfa0_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product", "place", "word"), name="product_word_once"
                    )
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
