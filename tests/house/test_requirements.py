"""What the product imports is what ``requirements.in`` asks for, by its own name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distribution, packages_distributions

from packaging.utils import canonicalize_name

from tests.house.lock import ROOT, asked

PRODUCT = ("apps", "extract", "shop")


def test_every_import_is_of_something_that_the_requirements_name() -> None:
    named = _named()
    owners = _owners()
    missing = {
        module: sorted(places)
        for module, places in _imported().items()
        if module not in sys.stdlib_module_names
        and module not in PRODUCT
        and not named & {canonicalize_name(each) for each in owners.get(module, [])}
    }
    assert not missing


def test_what_is_named_is_used() -> None:
    used = {
        canonicalize_name(owner) for module in _imported() for owner in _owners().get(module, [])
    }
    # Named in settings, run as programs, or used by another one that does without.
    apart = {
        "django-unfold", "drf-spectacular-sidecar", "gunicorn", "whitenoise", "psycopg",
        "mozilla-django-oidc", "django-filter", "django-structlog", "defusedxml",
    }  # fmt: skip
    assert _named() - used - apart == set()


def _named() -> set[str]:
    """The distributions that ``requirements.in`` names."""
    found = {canonicalize_name(each.name) for each in asked("requirements.in")}
    assert all(distribution(each) for each in found)
    return found


@cache
def _imported() -> dict[str, set[str]]:
    """Top-level modules that the product imports, and by which files."""
    found: dict[str, set[str]] = {}
    for room in PRODUCT:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    names = [node.module]
                for name in names:
                    found.setdefault(name.partition(".")[0], set()).add(str(file.relative_to(ROOT)))
    return found


@cache
def _owners() -> Mapping[str, list[str]]:
    """The distributions that each top-level module comes from."""
    return packages_distributions()
