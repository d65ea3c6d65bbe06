"""What a process can prove of itself, and what nobody else can prove in its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.trust import NotTrusted, PublicKeys, RoleKeys, Trust
from extract.trust import trust as trusting
from extract.trust.request_signature import SENDER, SIGNATURE, SIGNED

SECRETS = {role: f"{role}-has-a-secret-of-its-own" for role in ("home", "product", "payment")}
KEYS = {role: RoleKeys(role, secret) for role, secret in SECRETS.items()}
PUBLIC = {role: keys.public for role, keys in KEYS.items()}
HEADERS = {"X-Time-Left": "3.000", "X-Subject": "someone"}


def process(role: str, instance: str = "one") -> Trust:
    return Trust(KEYS[role], instance, PUBLIC)


def signed(
    sender: Trust, receiver: str = "product/one", headers: Mapping[str, str] = HEADERS
) -> dict[str, str]:
    return {**headers, **sender.sign(receiver, "POST", "/internal/call/", headers, b"body")}


def test_a_request_names_its_sender() -> None:
    assert process("product").verify(
        "POST", "/internal/call/", signed(process("payment")), b"body"
    ) == ("payment/one")


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"path": "/internal/call"},
        {"body": b"bodY"},
        *({"headers": {name: "other"}} for name in SIGNED),
        {"headers": {SENDER: "home/one"}},
        {"headers": {SENDER: "payment/two"}},
        {"headers": {SENDER: "stranger/one"}},
        {"headers": {SENDER: ""}},
        {"headers": {SIGNATURE: ""}},
    ],
    ids=str,
)
def test_whatever_is_changed_on_the_way_is_noticed(changed: dict[str, Any]) -> None:
    headers = {**signed(process("payment")), **changed.get("headers", {})}
    request = {"method": "POST", "path": "/internal/call/", "body": b"body"} | changed
    with pytest.raises(NotTrusted):
        process("product").verify(request["method"], request["path"], headers, request["body"])


def test_it_is_good_for_one_receiver_once() -> None:
    headers = signed(process("payment"))
    first, second = process("product", "one"), process("product", "two")
    first.verify("POST", "/internal/call/", headers, b"body")
    with pytest.raises(NotTrusted, match="seen before"):
        first.verify("POST", "/internal/call/", headers, b"body")
    with pytest.raises(NotTrusted, match="not for product/two"):
        second.verify("POST", "/internal/call/", headers, b"body")


@pytest.mark.parametrize("seconds", [-31, 31])
def test_it_is_good_for_half_a_minute(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr(trusting.time, "time", lambda: now)
    headers = signed(process("payment"))
    monkeypatch.setattr(trusting.time, "time", lambda: now + seconds)
    with pytest.raises(NotTrusted, match="not fresh"):
        process("product").verify("POST", "/internal/call/", headers, b"body")
    monkeypatch.setattr(trusting.time, "time", lambda: now + seconds * 29 / 31)
    process("product").verify("POST", "/internal/call/", headers, b"body")


def test_the_key_of_a_pair_changes_with_the_period(monkeypatch: pytest.MonkeyPatch) -> None:
    sender, receiver = process("payment"), process("product")
    shown = set()
    for period in range(3):
        moment = 1_800_000_000 + period * trusting.PERIOD
        monkeypatch.setattr(trusting.time, "time", lambda moment=moment: float(moment))
        shown.add(sender.pass_for("product"))
        assert receiver.verify_pass(sender.pass_for("product"), sender="payment")
    assert len(shown) == 3
    assert not receiver.verify_pass(min(shown - {sender.pass_for("product")}), sender="home")


def test_a_pass_opens_only_its_receivers_door() -> None:
    shown = process("home").pass_for("product")
    assert process("product").verify_pass(shown, sender="home")
    assert process("product", "two").verify_pass(shown, sender="home")
    assert not process("payment").verify_pass(shown, sender="home")
    assert not process("product").verify_pass(shown, sender="payment")
    assert not process("home").verify_pass(shown, sender="product"), "shown back to its maker"


def test_who_broke_into_one_app_cannot_speak_for_another() -> None:
    """It has product's secret, and calls itself payment towards home."""
    intruder = Trust(RoleKeys("payment", SECRETS["product"]), "one", PUBLIC)
    headers = signed(intruder, "home/one")
    with pytest.raises(NotTrusted, match="not payment/one's"):
        process("home").verify("POST", "/internal/call/", headers, b"body")


def test_an_answer_proves_who_gave_it() -> None:
    asking, asked = process("payment"), process("product")
    proof = asked.answer_mac("payment/one", "nonce", b"it is me")
    assert proof == asking.answer_mac("product/one", "nonce", b"it is me")
    assert proof != asking.answer_mac("product/one", "nonce", b"it is not")
    assert proof != process("home").answer_mac("payment/one", "nonce", b"it is me")


@given(st.text(), st.text())
def test_no_header_breaks_it(sender: str, signature: str) -> None:
    with pytest.raises(NotTrusted):
        process("product").verify("GET", "/", {SENDER: sender, SIGNATURE: signature}, b"")


@given(st.text() | st.binary(max_size=80).map(lambda raw: raw.hex()))
def test_public_keys_are_64_bytes_or_refused(text: str) -> None:
    with pytest.raises(ValueError, match="public keys"):
        PublicKeys.parse(text)


def test_public_keys_travel_as_text() -> None:
    assert PublicKeys.parse(str(PUBLIC["home"])) == PUBLIC["home"]


def test_a_broadcast_is_its_roles() -> None:
    signature = KEYS["product"].sign(b"here I am")
    PUBLIC["product"].verify(signature, b"here I am")
    for role, content in (("payment", b"here I am"), ("product", b"here I was")):
        with pytest.raises(NotTrusted):
            PUBLIC[role].verify(signature, content)


def test_what_might_run_into_the_next_header_is_not_signed() -> None:
    for headers, path in (({"X-Subject": "a\nb"}, "/"), ({}, "/a\nb")):
        with pytest.raises(NotTrusted, match="one line"):
            process("payment").sign("product/one", "POST", path, headers, b"")
