"""``python -m tests.migrations``: what is new is safe, or exit code 1 and a sentence for each fault."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

from tests.migrations.judged import Refused, judge  # noqa: E402  (needs Django set up)

try:
    print("\n".join(judge()))
except Refused as refused:
    sys.exit(str(refused))
