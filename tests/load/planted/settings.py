"""The shop's settings, with faults that can be planted while it runs."""

from shop.settings import *  # noqa: F403
from shop.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.load.planted.apps.PlantedConfig"]
EXTRACT_LOG_SPANS = True
