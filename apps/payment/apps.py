from django.apps import AppConfig


class PaymentConfig(AppConfig):
    name = "apps.payment"
    label = "payment"

    def ready(self) -> None:
        # Declares who answers for the contract, the sagas that any process may resume, and
        # periodic work.
        from apps.payment import checkout, provider, refunds, rights, tasks  # noqa: F401
