from django.apps import AppConfig


class PaymentConfig(AppConfig):
    name = "apps.payment"
    label = "payment"

    def ready(self) -> None:
        # Declares who answers for the contract, and the sagas that any process may resume.
        from apps.payment import checkout, provider, refunds  # noqa: F401
