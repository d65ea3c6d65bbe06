"""Nobody who takes the shop takes on a licence that no one has looked at."""

from __future__ import annotations

import pytest

from tests.house.licences import TAKEN, licence, permissive
from tests.house.lock import here, locked


def test_each_dependency_is_permissive_or_was_taken_by_name() -> None:
    said = {name: licence(name) for name in here(locked("requirements.txt"))}
    by_name = {name: said for name, (said, _) in TAKEN.items()}
    other = {name: words for name, words in said.items() if not permissive(words)}
    assert other == by_name, (
        "Look at what each of these licences asks for, then add it to tests/house/licences.py with"
        " the reason why it will do, or do without the package."
    )


@pytest.mark.parametrize(
    ("expression", "will_do"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("(GPL-3.0-only OR MIT) AND ISC", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT AND GPL-3.0-only) OR LGPL-2.1-only", False),
        ("not said", False),
    ],
)
def test_one_of_several_licences_must_do(expression: str, will_do: bool) -> None:
    assert permissive(expression) is will_do
