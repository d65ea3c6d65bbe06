"""``manage.py demo``: the demo shop, with pictures and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import track

from shop.demo import services


class Command(BaseCommand):
    help = "Load the demo shop: products with pictures, and accounts. Run again: adds nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["verbosity"] < 1
        made = services.demo_load(watch=iter if quiet else self._watch)
        if quiet:
            return
        said = f"The demo shop has {made} new products." if made else "The demo shop is in place."
        self.stdout.write(said)
        for account in services.accounts():
            self.stdout.write(f"  {account.email} / {account.password} ({account.role})")

    def _watch(self, entries: Iterable[services.Entry]) -> Iterable[services.Entry]:
        console = Console(stderr=True)
        if console.is_terminal:
            return track(entries, "Drawing pictures", console=console)
        self.stdout.write("Drawing pictures …")
        return entries
