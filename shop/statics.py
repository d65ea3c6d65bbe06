"""Static files: by hashed names once they were collected, else straight from where they lie."""

from __future__ import annotations

import re
from pathlib import Path

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
HASHED = "shop.statics.HashedStorage"


class HashedStorage(CompressedManifestStaticFilesStorage):
    """A name that was not collected is served as it is instead of failing its page."""

    manifest_strict = False


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise, which answers for the files of another release with those of this one.

    While a release spreads, pages of one instance ask another for their files, by names with the
    hash of a content that it does not have.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = request.path_info
        plain = _HASH.sub(r"\1", name)
        if name not in self.files and plain != name and plain in self.files:
            return self.serve(self.files[plain], request)
        return super().__call__(request)


_HASH = re.compile(r"\.[0-9a-f]{12}(\.\w+)\Z")
"""As Django puts it before the extension."""


def collected(root: Path, *sources: Path) -> bool:
    """Whether ``root`` has a manifest that is newer than every file that is, or is in, a source."""
    try:
        made = (root / "staticfiles.json").stat().st_mtime
    except OSError:
        return False
    files = (file for source in sources for file in (source, *source.rglob("*")))
    return all(file.stat().st_mtime <= made for file in files)
