"""The identity role's keys: files that any number of its processes share and replace.

A key's state is told from the ages of the files alone, so that all processes agree. It is
*published* once its file is there, *signs* once everybody had time to learn of it, and is
*retired* when its successor has long been signing. Later whichever process notices first
deletes its file; the newest key's is never deleted, so that no number is given twice.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from extract.identity.key import JWK, Key, new_pem, read_key

PUBLISHED_BEFORE_USE = 30.0
"""Seconds that a new key is published before it signs; the very first key signs at once."""
RETIRED_AFTER = 300.0
"""Seconds after its successor came that a key is no longer published. Its last token was signed
``PUBLISHED_BEFORE_USE`` after that, and lives for a minute."""
DELETED_AFTER = 3600.0
"""Seconds after its successor came that a key's file is deleted: so long past its use that no
difference between the machines' clocks matters."""
POLL_EVERY = 1.0
"""Seconds within which a process notices new files."""


class Keyring:
    """The keys in ``directory``; the first one is made when there is none.

    Raises ``ImproperlyConfigured`` where the directory or a file in it cannot be used.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._keys: dict[tuple[int, int], Key] = {}
        self._looked = float("-inf")

    def signing_key(self) -> Key:
        """The newest key that has been published long enough; the oldest if none has."""
        keys = self._published()
        known = [key for key in keys if time.time() - key.made_at >= PUBLISHED_BEFORE_USE]
        return known[-1] if known else keys[0]

    def published(self) -> tuple[JWK, ...]:
        """The public keys that tokens may be verified with, oldest first. May change at any
        time by rotation or retirement."""
        return tuple(key.jwk for key in self._published())

    def rotate(self) -> str:
        """Add a key and return its id. Processes that rotate at the same moment add one."""
        number = max(self._numbers(), default=0) + 1
        self._make(number)
        return self._read(number)[1].kid

    def _published(self) -> list[Key]:
        keys = self._all()
        now = time.time()
        successors = pairwise(keys)
        retired = {old.kid for old, new in successors if now - new.made_at >= RETIRED_AFTER}
        return [key for key in keys if key.kid not in retired]

    def _all(self) -> list[Key]:
        with self._lock:
            if time.monotonic() - self._looked >= POLL_EVERY:
                if not self._numbers():
                    self._make(1)
                self._keys = self._read_all()
                self._delete_old()
                self._looked = time.monotonic()
            return list(self._keys.values())

    def _read_all(self) -> dict[tuple[int, int], Key]:
        *older, newest = self._numbers()
        read = []
        for number in older:
            try:
                read.append(self._read(number))
            except ImproperlyConfigured:
                if os.path.lexists(self._path(number)):
                    raise
                # Else another process has just deleted it.
        return dict([*read, self._read(newest)])

    def _delete_old(self) -> None:
        now = time.time()
        for ((number, _), _), (_, successor) in pairwise(self._keys.items()):
            if now - successor.made_at >= DELETED_AFTER:
                with suppress(OSError):  # it is gone already, or the directory is read-only
                    self._path(number).unlink()

    def _numbers(self) -> list[int]:
        """The files are called by numbers, oldest first."""
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.directory, error) from error
        stems = (name.removesuffix(".pem") for name in names if name.endswith(".pem"))
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def _path(self, number: int) -> Path:
        return self.directory / f"{number}.pem"

    def _read(self, number: int) -> tuple[tuple[int, int], Key]:
        """The key of that number, by what tells its file from any other; read only once."""
        path = self._path(number)
        try:
            status = path.stat()
            file = (number, status.st_mtime_ns)
            return file, self._keys.get(file) or read_key(path.read_bytes(), status.st_mtime)
        except (OSError, ValueError, TypeError) as error:
            raise _unusable(path, error) from error

    def _make(self, number: int) -> None:
        """Make the key of that number, unless another process does.

        The file is complete before it gets its name, and the first one to be linked wins.
        """
        path = self._path(number)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(new_pem())
                    file.flush()
                    os.fsync(file.fileno())
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        except OSError as error:
            raise _unusable(self.directory, error) from error


def keyring() -> Keyring:
    """This process's keyring, in the directory ``settings.EXTRACT_IDENTITY_KEYS``."""
    return _keyring_in(Path(settings.EXTRACT_IDENTITY_KEYS))


@cache
def _keyring_in(directory: Path) -> Keyring:
    return Keyring(directory)


def _unusable(path: Path, error: Exception) -> ImproperlyConfigured:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ImproperlyConfigured(
        f"The identity keys in {path} cannot be made or read: {reason}; "
        f"check EXTRACT_IDENTITY_KEYS."
    )
