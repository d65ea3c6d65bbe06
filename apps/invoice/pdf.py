"""A document as a PDF: plain data into the Typst template beside this module."""

from __future__ import annotations

import functools
import re
import string
import threading
import unicodedata
from pathlib import Path
from typing import Final

import fontpkg_amiri
import manimgx_fonts
import manimgx_fonts_cjk
import msgspec
import typst

from apps.invoice.models import Document
from apps.invoice.wording import document_words

TEMPLATE: Final = Path(__file__).with_name("document.typ")
PACKAGES: Final = (fontpkg_amiri, manimgx_fonts, manimgx_fonts_cjk)
FONTS: Final = [Path(fonts.__file__).parent for fonts in PACKAGES]

# PDF/A-2a and PDF/UA-1: readable in fifty years, and by a screen reader.
ARCHIVAL: Final[list[typst.PDFStandard]] = ["a-2a", "ua-1"]

# Whether the machine's fonts help out, one attempt after the other. They may have what those of
# the project lack, and what they lack too is named by an error: marks first, then the rest. If
# they do harm (a licence may forbid to embed them), the project's own have the last word.
ATTEMPTS: Final = (False, True, True, True, False, False, False)

# Archival PDFs may not have a character that no font shows: Typst's error names all of them.
NAMED: Final = re.compile(r'^error: .*?`"(.*?)"`', re.MULTILINE)
PLAIN: Final = frozenset(string.printable)
ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")


class RenderingFailed(RuntimeError):
    """The PDF of a document could not be made."""

    def __init__(self, number: str, reason: str) -> None:
        super().__init__(f"The PDF of {number} could not be made: {reason}.")


class _Compilers(threading.local):
    """Compilers of this thread, kept: they remember what documents have in common."""

    def __init__(self) -> None:
        self.of = functools.cache(_new_compiler)


def _new_compiler(system_fonts: bool) -> typst.Compiler:
    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=_fonts(system_fonts))


@functools.cache
def _fonts(system_fonts: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=system_fonts, font_paths=FONTS)


_compilers = _Compilers()


def render_pdf(document: Document) -> bytes:
    """The document as a tagged, archival PDF. Raises ``RenderingFailed``."""
    missing: frozenset[str] = frozenset()
    reason = ""
    for attempt, system_fonts in enumerate(ATTEMPTS):
        try:
            return _compile(document, missing, system_fonts=system_fonts)
        except typst.TypstError as error:
            reason = error.message
            if attempt > 0:
                missing |= _unprintable(error.diagnostic)
    raise RenderingFailed(document.number, reason)


def _compile(document: Document, missing: frozenset[str], *, system_fonts: bool) -> bytes:
    words = msgspec.json.encode(document_words(document, missing)).decode()
    try:
        content = _compilers.of(system_fonts).compile(
            format="pdf", sys_inputs={"document": words}, pdf_standards=ARCHIVAL
        )
    except BaseException as panic:
        # Rust's panics come as no Exception, and would end the thread that renders.
        if type(panic).__name__ != "PanicException":
            raise
        raise RenderingFailed(document.number, f"Typst panicked: {panic}") from panic
    assert isinstance(content, bytes)
    return content


def _unprintable(diagnostic: str) -> frozenset[str]:
    """The characters that errors in ``diagnostic`` name.

    They name a letter together with the mark on it that no font has. Then the mark alone counts:
    the letter may well be shown without.
    """
    named: set[str] = set()
    for text in NAMED.findall(diagnostic):
        named.update(ESCAPED.sub(lambda found: _unescaped(*found.groups()), text))
    named -= PLAIN
    return frozenset({one for one in named if unicodedata.combining(one)} or named)


def _unescaped(digits: str | None, character: str) -> str:
    return chr(int(digits, 16)) if digits else character
