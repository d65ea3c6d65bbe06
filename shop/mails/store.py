"""The mails kept on disk: one .eml file per sending, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from email.utils import getaddresses
from itertools import count, takewhile
from pathlib import Path

from django.conf import settings

SUFFIX = ".eml"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file in the store. ``id`` is the same for every copy of one Message-ID but its end."""

    id: str
    path: Path
    written_at: datetime

    @property
    def message(self) -> str:
        """What all copies of the message share."""
        return self.id.rpartition("-")[0]

    @property
    def copy(self) -> int:
        """1 for the first sending of the message, 2 for the second, …"""
        return int(self.id.rpartition("-")[2])


def folder() -> Path:
    """Where the files are; made when first asked for."""
    path = Path(settings.MAILS_DIR)
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(message_id: str, content: bytes) -> str:
    """Store one sending and return its id. A message sent again becomes a second copy.

    The file appears under its name complete and synced; two processes never share a name.
    """
    place = folder()
    name = _stem(message_id)
    with tempfile.NamedTemporaryFile(dir=place, suffix=".part") as part:
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
        copy = 1
        while True:
            try:
                os.link(part.name, place / f"{name}-{copy}{SUFFIX}")
            except FileExistsError:
                copy += 1
            else:
                return f"{name}-{copy}"


def delete(message_id: str) -> None:
    """Remove every sending of that message, the last one first: what is left if that is broken off
    is counted from 1 still."""
    place, name = folder(), _stem(message_id)
    copies = (place / f"{name}-{copy}{SUFFIX}" for copy in count(1))
    for path in reversed(list(takewhile(Path.exists, copies))):
        path.unlink(missing_ok=True)


def kept() -> list[Kept]:
    """Every stored sending, newest first."""
    found = [
        Kept(
            id=entry.name.removesuffix(SUFFIX),
            path=Path(entry.path),
            written_at=datetime.fromtimestamp(entry.stat().st_mtime, tz=UTC),
        )
        for entry in os.scandir(folder())
        if _is_mail(entry.name)
    ]
    return sorted(found, key=lambda mail: (mail.written_at, mail.id), reverse=True)


def kept_to(address: str) -> list[Kept]:
    """Those that went to that address, newest first."""
    return [mail for mail in kept() if address.lower() in _recipients(mail)]


def _recipients(mail: Kept) -> set[str]:
    headers = parse(mail, headers_only=True)
    named = getaddresses(
        [str(each) for name in ("To", "Cc", "Bcc") for each in headers.get_all(name, [])]
    )
    return {address.lower() for _, address in named}


def find(id: str) -> Kept | None:
    """The sending with that id, or None."""
    return next((mail for mail in kept() if mail.id == id), None)


def parse(mail: Kept, *, headers_only: bool = False) -> EmailMessage:
    """The stored message; one that cannot be parsed comes as its text under a plain heading."""
    content = mail.path.read_bytes()
    try:
        message = BytesParser(policy=modern).parsebytes(content, headersonly=headers_only)
        for _, value in message.items():  # a header is only parsed when asked for
            str(value)
        if not message.keys() or (not headers_only and message.defects):
            raise ValueError("no mail")
    except Exception:
        return _unreadable(content)
    return message


def _unreadable(content: bytes) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "(This file is not a mail)"
    message.set_content(content.decode("utf-8", "replace"))
    return message


def _stem(message_id: str) -> str:
    """What the files of the message's sendings are called, but for their number."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:24]


def _is_mail(name: str) -> bool:
    stem, dash, copy = name.removesuffix(SUFFIX).rpartition("-")
    return name.endswith(SUFFIX) and bool(stem and dash) and copy.isdecimal()
