"""A sheet of invoices in every script, and veraPDF's verdict on each.

``python -m tests.apps.invoice.sheet [PNG]`` draws ``docs/pictures/scripts.png`` anew.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

COLUMNS = 3
# Of a page of 842 points: the buyer, and what was bought.
TOP, BOTTOM = 130, 320


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ |= {"DATA_DIR": directory, "DJANGO_SETTINGS_MODULE": "shop.settings"}
        import django

        django.setup()
        documents = Path(directory) / "documents"
        documents.mkdir()
        written = _write(documents)
        _draw(written, target)
        _tell(documents, written)


def _write(directory: Path) -> list[Path]:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests.apps.invoice.documents import invoice
    from tests.apps.invoice.scripts import RARE, SAMPLES, issue_to

    written = []
    for sample in (*SAMPLES, *RARE):
        written.append(directory / f"{sample.script}.pdf")
        written[-1].write_bytes(invoice.pdf(number=issue_to(sample).number).content)
    return written


def _draw(documents: list[Path], target: Path) -> None:
    import pypdfium2
    from PIL import Image

    pages = [pypdfium2.PdfDocument(path)[0].render().to_pil() for path in documents]
    width, height = pages[0].width, BOTTOM - TOP
    rows = -(-len(pages) // COLUMNS)
    sheet = Image.new("RGB", (width * COLUMNS, height * rows), "white")
    for index, page in enumerate(pages):
        place = (index % COLUMNS * width, index // COLUMNS * height)
        sheet.paste(page.crop((0, TOP, width, BOTTOM)), place)
    sheet.quantize(8).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


def _tell(directory: Path, documents: list[Path]) -> None:
    from tests.apps.invoice import verapdf

    verdicts = verapdf.verdicts(directory)
    claims = sorted(verapdf.CLAIMS)
    print(f"{'script':24}{''.join(f'{claim:>8}' for claim in claims)}")
    for path in documents:
        judged = [verdicts[path.name].get(claim) for claim in claims]
        words = {True: "passed", False: "FAILED", None: "no claim"}
        print(f"{path.stem:24}{''.join(f'{words[verdict]:>8}' for verdict in judged)}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures/scripts.png"))
