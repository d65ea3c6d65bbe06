"""``manage.py import_catalogue FILE``: the products of past sales become the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from apps.product.lines import BadFile, Seen, catalogue_of
from apps.product.naming import title_case
from apps.product.services import Imported, ProductDraft, products_import

AT_ONCE = 200
MOST_STOCK = 1_000_000
INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Make a product of every stock code in FILE (columns of the UCI Online Retail data), "
        "with its commonest description and price. Run again, or after it was stopped: it "
        "makes what is missing, refreshes what it made, and leaves alone what was edited."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--stock", type=int, default=100, metavar="N", help="pieces of each new product (100)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stock: int = options["stock"]
        if not 0 <= stock <= MOST_STOCK:
            raise CommandError(f"--stock must be from 0 to {MOST_STOCK}, and is {stock}.")
        try:
            found = catalogue_of(options["file"])
        except BadFile as error:
            raise CommandError(str(error)) from error
        try:
            done = [
                products_import(_draft(each, stock) for each in some)
                for some in self._some(found.products)
            ]
        except KeyboardInterrupt:
            said = "Stopped; what was made is kept. Run the same command again to go on."
            raise CommandError(said, returncode=INTERRUPTED) from None
        total = {
            field: sum(getattr(part, field) for part in done)
            for field in Imported.__struct_fields__
        }
        self.stdout.write(
            "{} products in the file: {made} made, {updated} updated, {unchanged} as they were, "
            "{kept} left as a person edited them.".format(len(found.products), **total)
        )
        if found.unreadable:
            self.stdout.write(f"{found.unreadable} of {found.lines} lines could not be read.")

    def _some(self, seen: Sequence[Seen]) -> Iterator[Sequence[Seen]]:
        """Portions, each to be one transaction or two, with a bar where someone watches."""
        portions = [seen[start : start + AT_ONCE] for start in range(0, len(seen), AT_ONCE)]
        console = Console(stderr=True)
        shown = console.is_terminal
        yield from track(portions, "Importing", console=console, disable=not shown)


def _draft(seen: Seen, stock: int) -> ProductDraft:
    return ProductDraft(sku=seen.sku, name=title_case(seen.name), price=seen.price, stock=stock)
