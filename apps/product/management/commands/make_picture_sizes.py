"""``manage.py make_picture_sizes``: make what sizes of pictures are missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.product.sizing import sizes_make_missing


class Command(BaseCommand):
    help = (
        "Make the sizes of products' pictures that are missing, also of pictures that an earlier "
        "release took. Stopped and run again, it goes on."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        made = failed = 0
        for sku, wrong in sizes_make_missing():
            if wrong:
                failed += 1
                self.stderr.write(f"{sku}: {wrong}")
            else:
                made += 1
        self.stdout.write(f"The sizes of {made} pictures were made.")
        if failed:
            raise CommandError(
                f"{failed} pictures have no sizes, for the reasons above: upload them anew."
            )
