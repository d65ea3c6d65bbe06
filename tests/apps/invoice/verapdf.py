"""veraPDF, the validator of the PDF Association's own working group, on Java."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

ARTIFACT: Final = "org.verapdf.apps:greenfield-apps:1.28.2"
SHA256: Final = "687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6"
MAIN: Final = "org.verapdf.apps.GreenfieldCliWrapper"
# What the documents say of themselves, in veraPDF's words.
CLAIMS: Final = frozenset({"2a", "ua1"})


class NotToBeHad(RuntimeError):
    """The validator cannot be run here; the reason is the message."""


def verdicts(directory: Path) -> dict[str, dict[str, bool]]:
    """Whether each PDF in the directory is what it claims to be: ``{"a.pdf": {"2a": True}}``.

    One process for all of them: starting Java takes longer than to judge a document.
    """
    found = subprocess.run(
        ["java", "-cp", str(_jar()), MAIN, "--format", "text", str(directory)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    judged: dict[str, dict[str, bool]] = {path.name: {} for path in directory.glob("*.pdf")}
    for said in found.stdout.splitlines():
        verdict, rest = said.split(" ", 1)
        path, claim = rest.rsplit(" ", 1)
        judged[Path(path).name][claim] = verdict == "PASS"
    return judged


def _jar() -> Path:
    """The validator, fetched once and kept. Raises ``NotToBeHad``."""
    for program in ("java", "mvn"):
        if not shutil.which(program):
            raise NotToBeHad(f"veraPDF needs {program}, which is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "verapdf"
    jar = cache / f"{SHA256[:16]}.jar"
    if not jar.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fetched:
            _fetch(Path(fetched)).replace(jar)
    if hashlib.sha256(jar.read_bytes()).hexdigest() != SHA256:
        jar.unlink()
        raise ValueError(f"{ARTIFACT} is not the file that it was; nothing of it was run")
    return jar


def _fetch(directory: Path) -> Path:
    command = ["mvn", "-q", "-B", "dependency:copy"]
    command += [f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={directory}"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=240)
    for jar in directory.glob("*.jar"):
        return jar
    raise NotToBeHad(f"Maven could not fetch {ARTIFACT}: {done.stdout.strip()[-300:]}")
