from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "shop.operations"
    label = "operations"

    def ready(self) -> None:
        from extract.event.background import register_chore
        from shop.operations import audits

        register_chore(audits.audit_at_home, every=audits.LOOK_EVERY, apart=True)
