"""Static files: by hashed names once they were collected, else straight from where they lie."""

from __future__ import annotations

from pathlib import Path

from whitenoise.storage import CompressedManifestStaticFilesStorage

PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
HASHED = "shop.statics.HashedStorage"


class HashedStorage(CompressedManifestStaticFilesStorage):
    """A name that was not collected is served as it is instead of failing its page."""

    manifest_strict = False


def collected(root: Path, *sources: Path) -> bool:
    """Whether ``root`` has a manifest that is newer than every file that is, or is in, a source."""
    try:
        made = (root / "staticfiles.json").stat().st_mtime
    except OSError:
        return False
    files = (file for source in sources for file in (source, *source.rglob("*")))
    return all(file.stat().st_mtime <= made for file in files)
