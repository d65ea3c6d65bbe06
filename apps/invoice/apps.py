from django.apps import AppConfig


class InvoiceConfig(AppConfig):
    name = "apps.invoice"
    label = "invoice"

    def ready(self) -> None:
        from apps.invoice import provider  # noqa: F401  (declares who answers for the contract)
