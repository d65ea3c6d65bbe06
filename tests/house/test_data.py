"""Each app's data is its own: no key, join or content type leads out of it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import connections, models

from extract.data import alias_of, app_aliases
from tests.crossing import CrossAppSqlError

APP_MODELS = [
    model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in (*app_aliases(), "extract")
]


@pytest.mark.parametrize("model", APP_MODELS, ids=lambda model: model._meta.label)
def test_no_relation_leaves_the_app(model: type[models.Model]) -> None:
    own = model._meta.app_label
    for field in model._meta.get_fields():
        related = field.related_model
        if isinstance(related, type):
            assert related._meta.app_label == own, f"{model.__name__}.{field.name} leaves {own}"


@pytest.mark.parametrize("model", APP_MODELS, ids=lambda model: model._meta.label)
def test_no_row_refers_to_a_content_type(model: type[models.Model]) -> None:
    fields = model._meta.get_fields()
    assert not [field for field in model._meta.private_fields if _is_generic(field)]
    assert ContentType not in {field.related_model for field in fields}


def _is_generic(field: object) -> bool:
    return isinstance(field, GenericForeignKey)


def test_every_app_has_an_alias_of_its_own() -> None:
    assert {alias_of(label) for label in app_aliases()} == set(app_aliases())
    names = [connections[alias].settings_dict["NAME"] for alias in connections]
    options = [str(connections[alias].settings_dict["OPTIONS"]) for alias in connections]
    assert len(set(zip(names, options, strict=True))) == len(names)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("alias", "sql"),
    [
        ("product", "SELECT 1 FROM payment_order"),
        ("payment", 'SELECT 1 FROM "accounts_user"'),
        ("default", "UPDATE invoice.invoice_document SET number = ''"),
    ],
)
def test_sql_about_another_apps_tables_is_found(alias: str, sql: str) -> None:
    with pytest.raises(CrossAppSqlError), connections[alias].cursor() as cursor:
        cursor.execute(sql)
