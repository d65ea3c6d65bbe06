from django.apps import AppConfig


class ReceiptConfig(AppConfig):
    name = "apps.receipt"
    label = "receipt"

    def ready(self) -> None:
        # Declares who answers for the contract, and what receipt listens to.
        from apps.receipt import provider, subscribers  # noqa: F401
