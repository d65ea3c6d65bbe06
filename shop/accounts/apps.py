from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "shop.accounts"
    label = "accounts"

    def ready(self) -> None:
        from extract.event.background import register_chore
        from shop.accounts import groups, security_log, sessions

        post_migrate.connect(groups.make_usual_groups, sender=self)
        security_log.connect()
        register_chore(sessions.forget_at_home, every=sessions.FORGET_EVERY)
