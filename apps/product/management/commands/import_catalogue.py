"""``manage.py import_catalogue FILE``: the products of past sales become the catalogue."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from apps.product.lines import BadFile, Catalogue, Seen, catalogue_of
from apps.product.naming import title_case
from apps.product.services import Imported, ProductDraft, products_import
from extract.table import Decimals, safe_cell

AT_ONCE = 200
MOST_STOCK = 1_000_000
INTERRUPTED = 130
REPORT_HEADER = ("line", "StockCode", "outcome", "reason")
FEWEST_TAKEN = 0.9
"""The share of lines below which the command fails, though what it took is kept."""


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

        parser.add_argument(
            "--report", metavar="OUT.csv", type=Path, help="write what became of each line"
        )
        parser.add_argument(
            "--fractions",
            type=Decimals,
            choices=list(Decimals),
            help="what stands before a fraction, where no line of the file tells",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stock: int = options["stock"]
        if not 0 <= stock <= MOST_STOCK:
            raise CommandError(f"--stock must be from 0 to {MOST_STOCK}, and is {stock}.")
        try:
            found = catalogue_of(options["file"], fractions=options["fractions"])
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
        if options["report"]:
            _write_report(found, options["report"])
        self._print_dropped(found)

    def _print_dropped(self, found: Catalogue) -> None:
        lines, dropped = len(found.outcomes), found.dropped.total()
        taken = lines - dropped
        self.stdout.write(
            f"Read as {found.form}: {taken} of {lines} lines taken, {dropped} dropped."
        )
        for reason, count in found.dropped.most_common():
            self.stdout.write(f"  {count:>6}  {reason}")
        if taken < lines * FEWEST_TAKEN:
            raise CommandError(
                f"Only {taken} of {lines} lines ({taken / lines:.1%}) were taken; "
                f"--report OUT.csv says why, line by line."
            )

    def _some(self, seen: Sequence[Seen]) -> Iterator[Sequence[Seen]]:
        """Portions, each to be one transaction or two, with a bar where someone watches."""
        portions = [seen[start : start + AT_ONCE] for start in range(0, len(seen), AT_ONCE)]
        console = Console(stderr=True)
        shown = console.is_terminal
        yield from track(portions, "Importing", console=console, disable=not shown)


def _write_report(found: Catalogue, path: Path) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(REPORT_HEADER)
            for each in found.outcomes:
                outcome = "dropped" if each.reason else "taken"
                writer.writerow([each.number, safe_cell(each.code), outcome, each.reason])
    except OSError as error:
        raise CommandError(f"The report {path} cannot be written: {error.strerror}.") from error


def _draft(seen: Seen, stock: int) -> ProductDraft:
    return ProductDraft(sku=seen.sku, name=title_case(seen.name), price=seen.price, stock=stock)
