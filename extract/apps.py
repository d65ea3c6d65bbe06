"""The layer as a Django app: its tables, its router's signals, its commands."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class ExtractConfig(AppConfig):
    name = "extract"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from extract.data import door, schema
        from extract.event import pruning  # noqa: F401  its periodic work
        from extract.event.background import register_chore
        from extract.saga.sweep import sweep

        connection_created.connect(door.remember_connection)
        pre_migrate.connect(schema.create_schema, sender=self)
        post_migrate.connect(schema.create_ownership, sender=self)
        register_chore(sweep, every=1.0)
