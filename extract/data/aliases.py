"""Which database alias holds which app: an alias named like the app, else ``default``."""

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

DUMMY = "django.db.backends.dummy"
"""What Django makes of an alias without an engine."""


def app_aliases() -> tuple[str, ...]:
    """The aliases that each hold one app's rows, in the order of ``settings.DATABASES``."""
    return tuple(alias for alias in settings.DATABASES if alias != DEFAULT_DB_ALIAS)


def alias_of(app_label: str) -> str:
    """The alias that holds the tables of ``app_label``."""
    if app_label in settings.DATABASES and app_label != DEFAULT_DB_ALIAS:
        return app_label
    return DEFAULT_DB_ALIAS


def is_open(app_label: str) -> bool:
    """Whether this process has the database of ``app_label``: what its role has no business with
    has no engine."""
    engine = settings.DATABASES[alias_of(app_label)].get("ENGINE", DUMMY)
    return bool(engine != DUMMY)


def open_apps() -> tuple[str, ...]:
    """The apps whose databases this process has."""
    return tuple(app for app in app_aliases() if is_open(app))
