"""The shop's settings, and subscribers that count what they are told."""

import os

from shop.settings import *  # noqa: F403
from shop.settings import DATA_DIR, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.soak"]

SOAK_FINISHED = DATA_DIR / "finished"
"""A line for each run of a second step."""
SOAK_SEND_AGAIN = float(os.environ.get("SOAK_SEND_AGAIN", "30"))
"""Seconds after which what a broker may have lost is sent again."""
