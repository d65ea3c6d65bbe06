from django.apps import AppConfig


class ProductConfig(AppConfig):
    name = "apps.product"
    label = "product"

    def ready(self) -> None:
        from apps.product import provider  # noqa: F401  (declares who answers for the contract)
