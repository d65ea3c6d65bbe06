"""The registry as a Django app of its own, so that its rows live in ``default`` alone."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "extract.registry"
    label = "extract_registry"
    verbose_name = "Placement"
    default_auto_field = "django.db.models.BigAutoField"
