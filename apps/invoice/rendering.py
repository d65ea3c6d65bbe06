"""A document as a PDF: plain data into the Typst template beside this module."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Final

import msgspec
import typst

from apps.invoice.models import Document
from apps.invoice.wording import document_words

TEMPLATE: Final = Path(__file__).with_name("document.typ")

# PDF/A-2a and PDF/UA-1: readable in fifty years, and by a screen reader.
ARCHIVAL: Final[tuple[typst.PDFStandard, ...]] = ("a-2a", "ua-1")

# Archival PDFs may not have a character that no font shows. Typst's own fonts have Latin,
# Greek, Cyrillic, Hebrew and Arabic; a name in another script gets the machine's fonts,
# and if they lack it too, a box in its place and no archival mark.
ATTEMPTS: Final = ((False, ARCHIVAL), (True, ARCHIVAL), (True, ()))


class RenderingFailed(RuntimeError):
    """The PDF of a document could not be made."""

    def __init__(self, number: str, reason: str) -> None:
        super().__init__(f"The PDF of {number} could not be made: {reason}.")


class _Compilers(threading.local):
    """Compilers of this thread, kept: they remember what documents have in common."""

    def __init__(self) -> None:
        self.of = functools.cache(_new_compiler)


def _new_compiler(system_fonts: bool) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=system_fonts)
    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts)


_compilers = _Compilers()


def render_pdf(document: Document) -> bytes:
    """The document as a tagged PDF, archival if it can be. Raises ``RenderingFailed``."""
    inputs = {"document": msgspec.json.encode(document_words(document)).decode()}
    reason = ""
    for system_fonts, standards in ATTEMPTS:
        try:
            content = _compilers.of(system_fonts).compile(
                format="pdf", sys_inputs=inputs, pdf_standards=list(standards)
            )
        except typst.TypstError as error:
            reason = error.message
            continue
        if isinstance(content, bytes):
            return content
    raise RenderingFailed(document.number, reason)
