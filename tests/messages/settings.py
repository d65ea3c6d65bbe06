"""The shop's settings, and a subscriber that does as its events say: for workers in tests."""

from shop.settings import *  # noqa: F403
from shop.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.messages.counting"]
EXTRACT_MAX_ATTEMPTS = 3
