from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "shop.rights"
    label = "rights"
    verbose_name = "Customers' rights"

    def ready(self) -> None:
        from extract.event.background import register_chore
        from shop.rights import erasure

        register_chore(erasure.advance_at_home, every=erasure.LOOK_EVERY)
