"""Names in every script that people write: shown, copied as they were typed, and archival.

veraPDF judges each document by both standards. One of their rules is that no glyph may be the
font's box for what it lacks, so its verdict is also that all of a document's text is shown.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pypdfium2
import pytest

from apps.invoice.contract import Issued
from tests.apps.invoice import verapdf
from tests.apps.invoice.documents import ADA, invoice, issue, line
from tests.apps.invoice.scripts import RARE, SAMPLES, Sample, issue_to

# What is printed does not depend on where it is kept.
pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.sqlite]

NOTE = "Some characters of this document could not be printed"
# Spaces, and what says where letters turn around or do not join.
UNSEEN = re.compile(r"[\s\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
UNPRINTABLE = "A\ue000da \u0378 \ufffe\x1b G\u1adf"
PERSIAN = "دارالمجانینبزرگنوروزآباد"


def test_every_script_is_shown_copied_and_archival(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for sample in SAMPLES:
        text = kept(issue_to(sample), tmp_path / f"{sample.script}.pdf")
        with subtests.test("copied", script=sample.script):
            assert NOTE not in text
            assert [typed for typed in typed_by(sample) if not copied(typed, text, sample)] == []
    for sample in RARE:
        text = kept(issue_to(sample), tmp_path / f"{sample.script}.pdf")
        with subtests.test("shown or said", script=sample.script):
            assert NOTE in text or copied(sample.product, text, sample)
    kept(issue_unprintable(), tmp_path / "no script.pdf")
    kept(issue_overlong(), tmp_path / "overlong.pdf")
    for name, verdict in judged(tmp_path).items():
        with subtests.test("archival", document=name):
            assert verdict == dict.fromkeys(verapdf.CLAIMS, True)


def test_what_no_font_shows_is_said_by_its_code(tmp_path: Path) -> None:
    text = kept(issue_unprintable(), tmp_path / "document.pdf")
    for code in ("A[U+E000]da", "[U+0378]", "[U+FFFEU+001B]", "G[U+1ADF]"):
        assert bare(text).count(code) == 2
    assert f"{NOTE}; each is shown by its code in Unicode, such as [U+001B]." in " ".join(
        text.split()
    )
    assert NOTE not in kept(issue(), tmp_path / "plain.pdf")


def test_long_words_stay_in_their_columns_and_letters_that_join_stay_joined(tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    text = kept(issue_overlong(), path)
    assert "\u200b" not in text
    # The next column starts, at the latest, with its name.
    assert right_of("W", path) < left_of("Description", path)
    assert right_of("w", path) < left_of("Qty", path)
    # Twice the word is long enough to be broken; its letters have the shapes of the word alone.
    assert bare(text).count(PERSIAN) == 3
    assert PERSIAN * 2 in bare(text)
    widths = [right - left for letter, (left, _, right, _) in characters(path) if letter in PERSIAN]
    once = widths[: len(PERSIAN)]
    assert widths[len(PERSIAN) :] == pytest.approx(once + once, abs=0.1)


def issue_unprintable() -> Issued:
    buyer = msgspec.structs.replace(ADA, name=UNPRINTABLE)
    return issue(buyer=buyer, lines=(line(UNPRINTABLE),))


def issue_overlong() -> Issued:
    names = ("w" * 60, PERSIAN, PERSIAN * 2)
    number_without_letters = uuid.UUID(int=0)
    return issue(number_without_letters, lines=tuple(line(name, sku="W" * 30) for name in names))


def kept(issued: Issued, path: Path) -> str:
    """The text of the document, whose PDF is now at ``path``."""
    path.write_bytes(invoice.pdf(number=issued.number).content)
    with closing(pypdfium2.PdfDocument(path)) as pdf, closing(pdf[0]) as page:
        with closing(page.get_textpage()) as text:
            return str(text.get_text_range())


def right_of(letter: str, path: Path) -> float:
    return max(right for character, (_, _, right, _) in characters(path) if character == letter)


def left_of(heading: str, path: Path) -> float:
    placed = characters(path)
    index = "".join(character for character, _ in placed).index(heading)
    return placed[index][1][0]


def characters(path: Path) -> list[tuple[str, tuple[float, float, float, float]]]:
    """What a reader copies, each with its box: left, bottom, right, top, in points."""
    with closing(pypdfium2.PdfDocument(path)) as pdf, closing(pdf[0]) as page:
        with closing(page.get_textpage()) as text:
            return [
                (text.get_text_range(index, 1), text.get_charbox(index, loose=True))
                for index in range(text.count_chars())
            ]


def typed_by(sample: Sample) -> tuple[str, ...]:
    return sample.name, sample.address, sample.city, sample.product


def copied(typed: str, text: str, sample: Sample) -> bool:
    if sample.copied == "letters":
        return any(in_order(bare(typed), iter(bare(row))) for row in text.splitlines())
    parts = re.split(r"[\s\W\d]+", typed) if sample.copied == "words" else [typed]
    return all(bare(part) in bare(text) for part in parts)


def in_order(letters: str, copied: Iterator[str]) -> bool:
    return all(letter in copied for letter in letters)


def bare(text: str) -> str:
    return UNSEEN.sub("", unicodedata.normalize("NFC", text))


def judged(directory: Path) -> dict[str, dict[str, bool]]:
    try:
        return verapdf.verdicts(directory)
    except verapdf.NotToBeHad as reason:
        # Its repository is no part of this machine: what was not judged is told in the summary.
        pytest.skip(str(reason))
