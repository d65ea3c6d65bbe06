"""An authorization server that is away, or is another one, is said to be away, and left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extract.oidc.server import ServerAway, server
from extract.oidc.tokens import verify_access_token
from tests.extract.oidc.issuer import DISCOVERY, KEYS, Issuer
from tests.fleets import wait_until
from tests.tls_proxy import write_certificate

HTML = b"<!doctype html><title>Maintenance</title>"


def token(issuer: Issuer) -> str:
    return issuer.key.sign(issuer.claims(typ="Bearer"))


def is_away(issuer: Issuer) -> bool:
    try:
        verify_access_token(token(issuer))
    except ServerAway:
        return True
    return False


def hangs(issuer: Issuer) -> None:
    issuer.hangs = True


def names_another(issuer: Issuer) -> None:
    issuer.named = "http://127.0.0.1:9/realms/test"


def answers(path: str, with_: bytes | int) -> Callable[[Issuer], None]:
    def change(issuer: Issuer) -> None:
        issuer.answers[path] = with_

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(hangs, id="hangs"),
        pytest.param(names_another, id="another issuer"),
        *(
            pytest.param(answers(path, with_), id=f"{what} {path.rpartition('/')[2]}")
            for path in (DISCOVERY, KEYS)
            for what, with_ in {
                "500 for": 500, "404 for": 404, "HTML for": HTML, "no object for": b"[]",
                "nothing for": b"", "too little in": b"{}",
            }.items()
        ),
        pytest.param(answers(KEYS, b'{"keys": null}'), id="no list in keys"),
    ],
)  # fmt: skip
def test_it_is_away_and_left_alone(issuer: Issuer, change: Callable[[Issuer], Any]) -> None:
    change(issuer)
    assert is_away(issuer)
    asked = issuer.asked.total()
    assert asked
    assert all(is_away(issuer) for _ in range(20))
    assert issuer.asked.total() == asked


def test_it_is_asked_again_and_found(issuer: Issuer) -> None:
    issuer.answers[DISCOVERY] = HTML
    assert is_away(issuer)
    issuer.answers.clear()
    wait_until(lambda: not is_away(issuer), 10)


def test_many_at_once_do_not_ask_a_hanging_one_each(
    issuer: Issuer, together: Callable[..., list[Any]]
) -> None:
    issuer.hangs = True
    assert all(together(lambda _: is_away(issuer), 30))
    assert issuer.asked.total() <= 4


def test_nobody_is_there(settings: Any) -> None:
    settings.OIDC_ISSUER, settings.OIDC_INTERNAL_URL = "http://127.0.0.1:9/realms/test", ""
    settings.OIDC_CLIENT_ID = "shop"
    with pytest.raises(ServerAway):
        server().endpoints()


def test_a_certificate_of_ones_own_is_believed_if_it_is_named(
    asked: Callable[[Issuer], Issuer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_certificate(tmp_path, "localhost")
    with Issuer(tls=tmp_path) as issuer:
        assert is_away(asked(issuer))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert not is_away(asked(issuer))
