"""What a line of text is, and a text of several lines."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from extract.text import one_line, paragraphs


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Ada Lovelace\u00a0", "Ada Lovelace"),
        ("\ufeffAda\u200b ", "Ada"),
        ("Zoe\u0308", "Zoë"),
        ("کتاب\u200cخانه", "کتاب\u200cخانه"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("שלום\u200f!", "שלום\u200f!"),
        ("ภาษา\u200bไทย", "ภาษา\u200bไทย"),
        ("", ""),
        ("\u200b", ""),
        ("\u2060 \u00ad\u200d\u3164\u2800", ""),
        ("\u034f\ufe0f\U000e0020", ""),
    ],
    ids=ascii,
)
def test_a_line_is_kept_composed_without_what_nobody_sees_around_it(
    written: str, kept: str
) -> None:
    assert one_line(written) == paragraphs(written) == kept


@pytest.mark.parametrize(
    "unwanted",
    ["\0", "\x07", "\x7f", "\x85", "\u2028", "\ud800", "\ufdd0", "\ufffe", "\U0010ffff"]
    + [chr(sign) for sign in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))],
    ids=ascii,
)
@pytest.mark.parametrize("around", ["A{}b", "{}Ab", "Ab{}"])
def test_what_no_text_may_hold_is_refused_wherever_it_stands(unwanted: str, around: str) -> None:
    for definition in (one_line, paragraphs):
        with pytest.raises(ValidationError):
            definition(around.format(unwanted))


def test_only_paragraphs_have_several_lines() -> None:
    assert paragraphs("One.\r\n\tTwo.\rThree.\n") == "One.\n\tTwo.\nThree."
    for sign in "\r\n\t":
        with pytest.raises(ValidationError):
            one_line(f"One.{sign}Two.")
