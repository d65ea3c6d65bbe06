"""Keys are made once, replaced without a gap, and known to every process."""

from __future__ import annotations

import base64
import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from extract.identity.key import thumbprint
from extract.identity.keyring import (
    DELETED_AFTER,
    PUBLISHED_BEFORE_USE,
    RETIRED_AFTER,
    Keyring,
)  # fmt: skip
from extract.management.commands import extract
from tests.extract.identity.tokens import make_older


def kids(ring: Keyring) -> list[str]:
    return [jwk["kid"] for jwk in ring.published()]


def files(ring: Keyring) -> list[str]:
    return sorted(file.name for file in ring.directory.iterdir())


def seen_anew(ring: Keyring) -> Keyring:
    """The ring as a process that starts now sees it."""
    return Keyring(ring.directory)


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "secrets" / "keys")


def _signing_kid(directory: Path) -> str:
    return Keyring(directory).signing_key().kid


def test_the_first_key_is_made_once_however_many_processes_ask(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    with multiprocessing.get_context("fork").Pool(4) as pool:
        found = set(pool.map(_signing_kid, [directory] * 8, chunksize=1))
    assert len(found) == 1
    (file,) = directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ"
        "ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW"
        "2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ"
        "Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    example = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(example) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_what_is_published_is_a_public_key_of_2048_bits(ring: Keyring) -> None:
    (jwk,) = ring.published()
    assert set(jwk) == {"kty", "n", "e", "kid", "alg", "use"}
    assert (jwk["alg"], jwk["use"], jwk["kid"]) == ("RS256", "sig", thumbprint(jwk))
    assert len(base64.urlsafe_b64decode(jwk["n"] + "==")) == 256
    assert jwt.PyJWK(jwk).key.public_numbers() == ring.signing_key().private.public_key(
    ).public_numbers()  # fmt: skip


def test_the_first_key_signs_at_once(ring: Keyring) -> None:
    assert [ring.signing_key().kid] == kids(ring)


def test_a_new_key_is_published_before_it_signs(ring: Keyring) -> None:
    first = ring.signing_key().kid
    make_older(ring, 1, 3600)
    second = ring.rotate()
    assert second != first
    assert kids(seen_anew(ring)) == [first, second]
    assert seen_anew(ring).signing_key().kid == first
    make_older(ring, 2, PUBLISHED_BEFORE_USE - 5)
    assert seen_anew(ring).signing_key().kid == first
    make_older(ring, 2, PUBLISHED_BEFORE_USE)
    assert seen_anew(ring).signing_key().kid == second


def test_a_replaced_key_stays_published_while_its_tokens_live_and_then_retires(
    ring: Keyring,
) -> None:
    first = ring.signing_key().kid
    second = ring.rotate()
    make_older(ring, 1, 2 * RETIRED_AFTER)
    make_older(ring, 2, RETIRED_AFTER - 5)
    assert kids(seen_anew(ring)) == [first, second]
    make_older(ring, 2, RETIRED_AFTER)
    assert kids(seen_anew(ring)) == [second]


def test_the_newest_key_never_retires(ring: Keyring) -> None:
    first = ring.signing_key().kid
    make_older(ring, 1, 2 * DELETED_AFTER)
    assert kids(seen_anew(ring)) == [first]
    assert files(ring) == ["1.pem"]


def test_a_key_long_past_use_is_deleted(ring: Keyring) -> None:
    for _ in range(3):
        newest = ring.rotate()
    make_older(ring, 1, 9 * DELETED_AFTER)
    make_older(ring, 2, DELETED_AFTER - 5)
    kids(seen_anew(ring))
    assert files(ring) == ["1.pem", "2.pem", "3.pem"]
    make_older(ring, 2, DELETED_AFTER)
    make_older(ring, 3, DELETED_AFTER - 5)
    kids(seen_anew(ring))
    assert files(ring) == ["2.pem", "3.pem"]
    make_older(ring, 3, DELETED_AFTER)
    assert kids(seen_anew(ring)) == [newest]
    assert files(ring) == ["3.pem"]
    ring.rotate()
    assert files(ring) == ["3.pem", "4.pem"]


def test_processes_that_delete_at_the_same_moment_do_not_disturb_each_other(
    ring: Keyring,
) -> None:
    for number in (1, 2, 3):
        newest = ring.rotate()
        make_older(ring, number, DELETED_AFTER)
    rings = [seen_anew(ring) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda each: each.signing_key().kid, rings)) == {newest}
    assert files(ring) == ["3.pem"]


def test_a_file_that_another_process_deletes_meanwhile_is_not_missed(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring.rotate()
    newest = ring.rotate()
    listed = os.listdir(ring.directory)
    (ring.directory / "1.pem").unlink()
    monkeypatch.setattr(os, "listdir", lambda _: listed)
    assert kids(seen_anew(ring)) == [newest]
    (ring.directory / "2.pem").unlink()
    with pytest.raises(ImproperlyConfigured, match=r"2\.pem cannot be made or read"):
        seen_anew(ring).signing_key()


def test_a_directory_that_is_read_only_keeps_its_files(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring.rotate()
    newest = ring.rotate()
    for number in (1, 2):
        make_older(ring, number, DELETED_AFTER)

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert kids(seen_anew(ring)) == [newest]
    assert files(ring) == ["1.pem", "2.pem"]


def test_the_tenth_key_comes_after_the_ninth(ring: Keyring) -> None:
    made = [ring.rotate() for _ in range(10)]
    assert kids(seen_anew(ring)) == made


def test_rotations_at_the_same_moment_add_one_key(ring: Keyring) -> None:
    first = ring.signing_key().kid
    with ThreadPoolExecutor(2) as pool:
        pool.map(lambda _: seen_anew(ring).rotate(), range(2))
    published = kids(seen_anew(ring))
    assert published[0] == first
    assert len(published) in (2, 3)  # 3 if one was through before the other began


def test_a_running_process_notices_a_new_key(ring: Keyring) -> None:
    first = ring.signing_key().kid
    second = seen_anew(ring).rotate()
    deadline = time.monotonic() + 5
    while kids(ring) != [first, second]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_cannot_be_read_is_said(ring: Keyring, tmp_path: Path) -> None:
    ring.signing_key()
    (ring.directory / "2.pem").write_text("no key")
    with pytest.raises(ImproperlyConfigured, match=r"2\.pem cannot be made or read"):
        seen_anew(ring).signing_key()
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="EXTRACT_IDENTITY_KEYS"):
        Keyring(tmp_path / "file").signing_key()


def test_the_operators_verb_rotates(
    ring: Keyring, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXTRACT_IDENTITY_KEYS = ring.directory
    verb = "rotate-identity-key"
    monkeypatch.setitem(extract.VERBS, verb, "extract.identity.rotate_command")
    ring.signing_key()
    said = StringIO()
    call_command("extract", verb, stdout=said)
    assert kids(seen_anew(ring))[-1] in said.getvalue()
    settings.EXTRACT_IDENTITY_KEYS = ring.directory / "1.pem"
    with pytest.raises(CommandError, match="cannot be made or read"):
        call_command("extract", verb)
