"""Mails of the embedded default: kept whole, read safely, a second sending seen as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client

from shop.accounts.models import User
from shop.environment import Environment
from shop.mails import store

EVIL = "<h1>Thank you</h1><script>document.title = 'taken over'</script>"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MAILS_DIR = tmp_path / "mails"
    settings.MAILS_FOR_ALL = True
    kept: Path = settings.MAILS_DIR
    return kept


def send(message_id: str = "<order-1@shop.example>", subject: str = "Your receipt") -> str:
    mail = EmailMultiAlternatives(
        subject,
        "Thank you, Zoë.\nhttp://testserver/orders/1/?access=token",
        to=["zoe@example.com"],
        headers={"Message-ID": message_id},
        connection=get_connection("shop.mails.backend.EmailBackend"),
    )
    mail.attach_alternative(EVIL, "text/html")
    mail.attach("invoice é.pdf", b"%PDF-1.7 invoice", "application/pdf")
    assert mail.send() == 1
    return store.kept()[0].id


def test_a_mail_is_one_complete_file(folder: Path) -> None:
    send()
    [file] = folder.iterdir()
    assert file.suffix == ".eml"
    assert b"Message-ID: <order-1@shop.example>" in file.read_bytes()


def test_the_same_message_sent_again_is_a_second_copy(client: Client, folder: Path) -> None:
    send()
    second = send()
    send("<order-2@shop.example>")
    assert len(list(folder.iterdir())) == 3
    assert second.endswith("-2")
    assert client.get("/mails/").content.decode().count("sending 2 of 2") == 1
    assert "was sent 2 times" in client.get(f"/mails/{second}/").content.decode()


def test_a_mail_to_nobody_is_not_sent(folder: Path) -> None:
    mail = EmailMultiAlternatives("Hm", "text", connection=get_connection())
    assert mail.send() == 0
    assert not folder.exists()


def test_the_page_shows_headers_text_and_links(client: Client) -> None:
    page = client.get(f"/mails/{send()}/").content.decode()
    assert "zoe@example.com" in page
    assert "Thank you, Zoë." in page
    assert 'href="http://testserver/orders/1/?access=token"' in page
    assert "<script>document" not in page


def test_the_html_is_served_where_it_can_do_no_harm(client: Client) -> None:
    answer = client.get(f"/mails/{send()}/html/")
    assert answer.content.decode().strip() == EVIL
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


def test_an_attachment_is_downloaded_as_it_was_sent(client: Client) -> None:
    answer = client.get(f"/mails/{send()}/0/")
    assert answer.content == b"%PDF-1.7 invoice"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert client.get(f"/mails/{store.kept()[0].id}/1/").status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00 no mail at all",
        b"Subject: =?utf-8?b?x\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: text/plain; charset=klingon\r\nDate: yesterday\r\n\r\nq\xffapla",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/html\r\n\r\n",
        b"To: <<<>>>, @@@\r\nSubject: a\r\n b\x00c\r\n\r\n",
    ],
)
def test_a_malformed_file_breaks_no_page(client: Client, folder: Path, content: bytes) -> None:
    send()
    (folder / "broken-1.eml").write_bytes(content)
    (folder / "notes.txt").write_text("not a mail")
    (folder / "no-number.eml").write_text("not a mail")
    assert client.get("/mails/").status_code == 200
    assert client.get("/mails/broken-1/").status_code == 200
    assert client.get("/mails/broken-1/html/").status_code in (200, 404)
    assert client.get("/mails/broken-1/0/").status_code in (200, 404)


def test_an_unknown_mail_is_not_found(client: Client) -> None:
    for path in ("/mails/nothing-1/", "/mails/nothing-1/html/", "/mails/nothing-1/0/"):
        assert client.get(path).status_code == 404


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("staff", "permitted", "status"),
    [(False, False, 404), (False, True, 404), (True, False, 404), (True, True, 200)],
)
def test_where_others_can_come_in_they_are_for_staff_with_the_permission(
    client: Client, settings: Any, staff: bool, permitted: bool, status: int
) -> None:
    settings.MAILS_FOR_ALL = False
    id = send()
    paths = ("/mails/", f"/mails/{id}/", f"/mails/{id}/html/", f"/mails/{id}/0/")
    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={path}")
    user = User.objects.create_user("zoe@example.com", "correct-horse", is_staff=staff)
    if permitted:
        user.user_permissions.add(Permission.objects.get(codename="read_mails"))
    client.force_login(user)
    assert [client.get(path).status_code for path in paths] == [status] * 4


@pytest.mark.usefixtures("database")
def test_the_way_there_is_shown_to_whoever_may_read(client: Client, settings: Any) -> None:
    link = b'href="/mails/"'
    assert link in client.get("/").content
    settings.MAILS_FOR_ALL = False
    assert link not in client.get("/").content
    client.force_login(User.objects.create_user("op@example.com", "x", is_staff=True))
    assert link not in client.get("/admin/").content + client.get("/").content
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    assert link in client.get("/admin/").content


@pytest.mark.parametrize(
    ("hosts", "base_url", "is_alone"),
    [
        ("", "", True),
        ("localhost,[::1]", "http://127.0.0.1:8123", True),
        ("localhost,shop.example.com", "", False),
        ("*", "", False),
        ("", "https://shop.example.com", False),
    ],
)
def test_a_name_that_is_not_this_machines_lets_others_in(
    hosts: str, base_url: str, is_alone: bool, tmp_path: Path
) -> None:
    told = {"ALLOWED_HOSTS": hosts} if hosts else {}
    environment = Environment(DATA_DIR=tmp_path, BASE_URL=base_url, **told)
    assert environment.is_loopback_only() is is_alone
    environment = Environment(DATA_DIR=tmp_path, SHOP_URL=base_url, **told)
    assert environment.is_loopback_only() is is_alone
