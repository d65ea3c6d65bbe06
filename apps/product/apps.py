from django.apps import AppConfig


class ProductConfig(AppConfig):
    name = "apps.product"
    label = "product"

    def ready(self) -> None:
        # Declares who answers for the contract, and work outside of requests.
        from apps.product import provider, tasks  # noqa: F401
