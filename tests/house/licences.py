"""Under which licences the product's dependencies come: ``python -m tests.house.licences``.

Prints a table in Markdown, of what this machine installs of ``requirements.txt``.

Whoever hands the shop on, as an image say, has to keep each licence's notice with it: they lie
beside the installed packages, in ``*.dist-info``.
"""

from __future__ import annotations

from importlib.metadata import metadata

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from tests.house.lock import here, locked

OSI = "License :: OSI Approved :: "

# They ask for their notice to be kept, and for nothing else; in SPDX's words and in classifiers'.
PERMISSIVE = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "MIT-0",
    "MIT-CMU", "PSF-2.0", "Unlicense",
    "3-Clause BSD License", "Apache Software License", "BSD License", "MIT License",
    "Python Software Foundation License",
}  # fmt: skip

# What asks for more is taken by name, so that the next one is looked at.
_OF_FILES = "asks for the source of its own files where they are changed; they are not"
_LIBRARY = "a library that is imported as it comes, and that whoever has the shop can replace"
_FONTS = "fonts may be shipped and be embedded in documents, but not sold alone"
TAKEN = {
    "certifi": ("MPL-2.0", _OF_FILES),
    "mozilla-django-oidc": ("MPL-2.0", _OF_FILES),
    "psycopg": ("LGPL-3.0-only", _LIBRARY),
    "psycopg-binary": ("LGPL-3.0-only", _LIBRARY),
    "psycopg-pool": ("LGPL-3.0-only", _LIBRARY),
    "fontpkg-amiri": ("OFL-1.1", _FONTS),
    "manimgx-fonts": ("OFL-1.1", _FONTS),
    "manimgx-fonts-cjk": ("OFL-1.1", _FONTS),
}


def licence(name: str) -> str:
    """An SPDX expression where the distribution has one, else its classifiers, else its words."""
    said = metadata(name)
    free = said.get_all("License", [""])[0]
    for expression in (*said.get_all("License-Expression", []), free):
        try:
            return canonicalize_license_expression(expression)
        except InvalidLicenseExpression:
            continue
    classifiers = [
        each.removeprefix(OSI)
        for each in said.get_all("Classifier", [])
        if each.startswith("License ::")
    ]
    return " AND ".join(classifiers) or free.partition("\n")[0] or "not said"


def permissive(expression: str) -> bool:
    """Whether each part that binds offers a permissive licence to choose."""
    return all(
        any(each.strip("() ") in PERMISSIVE for each in part.split(" OR "))
        for part in expression.split(" AND ")
    )


def main() -> None:
    print("| package | version | licence | |\n| --- | --- | --- | --- |")
    for name, version in sorted(here(locked("requirements.txt")).items()):
        print(f"| {name} | {version} | {licence(name)} | {TAKEN.get(name, ('', ''))[1]} |")


if __name__ == "__main__":
    main()
