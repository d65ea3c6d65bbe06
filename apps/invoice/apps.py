from django.apps import AppConfig


class InvoiceConfig(AppConfig):
    name = "apps.invoice"
    label = "invoice"

    def ready(self) -> None:
        # Declares who answers for the contract, and what invoice listens to.
        from apps.invoice import provider, subscribers  # noqa: F401
