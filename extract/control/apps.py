"""The control page as a Django app, for its templates, its files and its permissions."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "extract.control"
    label = "extract_control"
    verbose_name = "Control"

    def ready(self) -> None:
        from extract.observe.history import record
        from extract.trace import add_sink

        add_sink(record)
