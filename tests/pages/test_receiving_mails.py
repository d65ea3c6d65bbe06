"""``manage.py receive_mails``: what programs beside the shop send is read where its mails are."""

from __future__ import annotations

import re
import shutil
import signal
import smtplib
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage as ShopsMail
from django.core.mail import get_connection
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from shop.mails import store
from shop.mails.receiving import LARGEST
from tests.pages.receiver import READER, SENDER, Receiver
from tests.ports import free_port


@pytest.fixture(scope="module")
def _receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    receiver = Receiver(tmp_path_factory.mktemp("receiver"))
    yield receiver
    receiver.process.kill()
    receiver.process.wait()


@pytest.fixture
def receiver(_receiver: Receiver, settings: Any) -> Iterator[Receiver]:
    """A module's receiver, with nothing kept yet; it must be there afterwards, and unharmed."""
    settings.MAILS_DIR, settings.MAILS_FOR_ALL = _receiver.mails, True
    shutil.rmtree(_receiver.mails, ignore_errors=True)
    before = _receiver.said()
    yield _receiver
    assert _receiver.process.poll() is None
    assert "Traceback" not in _receiver.said().removeprefix(before)


def mail(message_id: str = "<verify-1@accounts.example>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = SENDER, READER
    message["Subject"] = "Verify your address, Zoë"
    message["Message-ID"] = message_id
    message.set_content("Follow http://testserver/verify/?code=1 today.\n.\nGrüße")
    message.add_alternative("<p>Follow the link.</p>", subtype="html")
    message.add_attachment(b"%PDF-1.7", "application", "pdf", filename="terms.pdf")
    return message


def test_what_is_sent_is_read_where_the_shops_mails_are(client: Client, receiver: Receiver) -> None:
    with receiver.connect() as smtp:
        assert smtp.send_message(mail()) == {}
    assert "Verify your address, Zoë" in client.get("/mails/").content.decode()
    [kept] = store.kept()
    page = client.get(f"/mails/{kept.id}/").content.decode()
    assert SENDER in page
    assert READER in page
    assert 'href="http://testserver/verify/?code=1"' in page
    assert "Grüße" in page
    assert "Follow the link." in client.get(f"/mails/{kept.id}/html/").content.decode()
    assert client.get(f"/mails/{kept.id}/0/").content == b"%PDF-1.7"


def test_what_the_shop_sends_itself_is_kept_under_the_same_name(receiver: Receiver) -> None:
    message = ShopsMail("Twice", "text", to=[READER], headers={"Message-ID": "<one@shop.example>"})
    message.connection = get_connection("shop.mails.backend.EmailBackend")
    assert message.send() == 1
    message.connection = get_connection(
        "django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=receiver.port
    )
    assert message.send() == 1
    [second, first] = sorted(store.kept(), key=lambda kept: -kept.copy)
    assert (second.message, second.copy, first.copy) == (first.message, 2, 1)


def test_messages_without_a_message_id_are_different_ones(receiver: Receiver) -> None:
    for _ in range(2):
        assert receiver.take(b"Subject: Hello\r\n\r\nHello\r\n")[0] == 250
    assert [kept.copy for kept in store.kept()] == [1, 1]


@pytest.mark.parametrize("is_announced", [True, False])
def test_what_is_too_large_is_refused(receiver: Receiver, is_announced: bool) -> None:
    content = b"Subject: Large\r\n\r\n" + (b"x" * 98 + b"\r\n") * (LARGEST // 100 + 1)
    with receiver.connect() as smtp:
        smtp.ehlo()
        if is_announced:
            assert smtp.mail(SENDER, [f"size={len(content)}"])[0] == 552
        else:
            smtp.mail(SENDER)
            smtp.rcpt(READER)
            assert smtp.data(content)[0] == 552
        smtp.send_message(mail())
    assert len(store.kept()) == 1


def test_a_line_longer_than_smtp_has_them_is_refused(receiver: Receiver) -> None:
    assert receiver.take(b"Subject: Long\r\n\r\n" + b"x" * 2000)[0] == 500
    assert store.kept() == []


def test_only_this_machine_can_send(receiver: Receiver) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", receiver.port), timeout=10)


def test_a_page_of_another_site_cannot_send(receiver: Receiver) -> None:
    """Browsers let it post to any port, with what it likes as the body."""
    body = b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n\r\nHi\r\n.\r\n"
    names = b"Host Connection User-Agent Content-Type Accept Origin Accept-Encoding".split()
    lines = [b"POST / HTTP/1.1", *(name + b": x" for name in names)]
    head = b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", b""])
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as connection:
        connection.sendall(head + body)
        with suppress(ConnectionResetError):
            while connection.recv(4096):
                pass
    assert store.kept() == []


def test_where_nothing_can_be_kept_the_sender_is_told_to_try_again(receiver: Receiver) -> None:
    receiver.mails.write_text("in the way")
    try:
        assert receiver.take(b"Subject: Hello\r\n\r\nHello\r\n")[0] == 452
    finally:
        receiver.mails.unlink()
    assert receiver.take(b"Subject: Hello\r\n\r\nHello\r\n")[0] == 250


def test_a_client_that_vanishes_disturbs_nobody(receiver: Receiver) -> None:
    for said in (
        b"",
        b"EHL",
        b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSub",
    ):
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as connection:
            connection.sendall(said)
            connection.recv(1)
            # Closed so, it is a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert receiver.take(b"Subject: Hello\r\n\r\nHello\r\n")[0] == 250
    assert len(store.kept()) == 1


def shown(client: Client) -> None:
    """Each kept message can be looked at, whatever it is."""
    assert client.get("/mails/").status_code == 200
    for kept in store.kept():
        assert client.get(f"/mails/{kept.id}/").status_code == 200
        for part in ("html", "0", "1"):
            assert client.get(f"/mails/{kept.id}/{part}/").status_code in (200, 404)


NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (depth, depth)
    for depth in range(300)
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"\xff\xfe\x00 no mail at all\r\n",
        b"Message-ID: \xff\r\n <\xe9>\r\nSubject: \xff\r\n\r\n\xff\r\n",
        b"Message-ID: =?utf-8?b?x\r\nSubject: =?klingon?q?=ff?=\r\nTo: <<<>>>, @@@\r\n\r\nx\r\n",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/html\r\n\r\n",
        b"Content-Type: multipart/alternative\r\n\r\nno boundary\r\n",
        b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n",
        b"Content-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nC: d\r\n",
        b"Content-Type: text/html; charset=\xff\r\n\r\n<p>\xff\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n====!\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 666 x\r\n!!!\r\n",
        NESTED,
    ],
    ids=lambda content: repr(content[:48]),
)
def test_what_is_no_mail_is_kept_and_shown_as_what_it_is(
    client: Client, receiver: Receiver, content: bytes
) -> None:
    assert receiver.take(content)[0] == 250
    assert len(store.kept()) == 1
    shown(client)


few = examples(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PARTS = st.sampled_from(
    [
        b"Content-Type: ", b"multipart/mixed; boundary=a", b"text/html; charset=", b"text/plain",
        b"message/rfc822", b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"8bit",
        b"Content-Disposition: attachment; filename", b"*0*=", b"=?utf-8?q?", b"?=", b"\r\n",
        b"\r\n\r\n", b"--a\r\n", b"--a--\r\n", b"Subject: ", b"To: ", b"Date: ", b"Message-ID: ",
        b"<", b">", b"@", b'"', b";", b"\n", b"\r", b".", b"\0", "é".encode(), b"\xe9",
    ]
)  # fmt: skip


@few
@given(parts=st.lists(PARTS | st.binary(max_size=8), max_size=24))
def test_any_message_is_kept_and_shown_or_refused(
    client: Client, receiver: Receiver, parts: list[bytes]
) -> None:
    shutil.rmtree(receiver.mails, ignore_errors=True)
    code, _ = receiver.take(b"".join(parts))
    assert code == 250
    assert len(store.kept()) == 1
    shown(client)


@pytest.mark.parametrize(
    "command", [b"MAIL FROM:<", b"MAIL FROM:a@", b"MAIL FROM:<@a:", b"VRFY [\xff"], ids=repr
)
def test_a_command_that_cannot_be_parsed_is_refused(receiver: Receiver, command: bytes) -> None:
    with receiver.connect() as smtp:
        smtp.ehlo()
        smtp.sock.sendall(command + b"\r\n")
        assert smtp.getreply() == (501, b"5.5.2 The command cannot be understood")
        smtp.send_message(mail())


COMMANDS = st.sampled_from(
    [
        b"EHLO", b"HELO", b"MAIL FROM:", b"RCPT TO:", b"DATA", b"RSET", b"VRFY", b"AUTH",
        b"STARTTLS", b"HELP", b"NOOP", b"EXPN", b" ", b"<", b">", b"@", b"a", b'"', b"\\", b"(",
        b"[", b"]", b",",
        b"SIZE=", b"9" * 5000, b"BODY=8BITMIME", b"SMTPUTF8", b"\xc3\xa9", b"\xff", b"\0",
    ]
)  # fmt: skip
LINE = st.lists(COMMANDS | st.binary(max_size=4), max_size=8).map(
    lambda parts: b"".join(parts).translate(None, b"\r\n")
)


@few
@given(lines=st.lists(LINE, max_size=6))
def test_any_command_is_answered(receiver: Receiver, lines: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as connection:
        answers = connection.makefile("rb")
        for line in (None, b"EHLO a", b"MAIL FROM:<a@b.example>", *lines):
            if line is not None:
                connection.sendall(line + b"\r\n")
            while (answer := answers.readline())[3:4] == b"-":
                pass
            if answer.startswith(b"354"):
                connection.sendall(b".\r\n")
                answer = answers.readline()
            assert re.match(rb"[245]\d\d .*\r\n", answer), (line, answer)
            if answer.startswith((b"221", b"502 5.5.1 Too many")):
                break


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends_well_whoever_is_connected(tmp_path: Path, how: signal.Signals) -> None:
    receiver = Receiver(tmp_path)
    try:
        with receiver.connect() as idle, receiver.connect() as sending:
            idle.ehlo()
            sending.ehlo()
            sending.mail(SENDER)
            sending.rcpt(READER)
            assert sending.docmd("DATA")[0] == 354
            assert receiver.end(how) == 0
            with pytest.raises(smtplib.SMTPServerDisconnected):
                idle.noop()
            for each in (idle, sending):
                each.close()
    finally:
        receiver.process.kill()
        receiver.process.wait()
    assert receiver.said() == f"Mails sent to 127.0.0.1:{receiver.port} are kept; Ctrl-C ends it.\n"


def test_with_a_mail_server_there_is_nothing_to_receive(settings: Any) -> None:
    settings.EMBEDDED_MAIL = False
    with pytest.raises(CommandError, match="EMAIL_URL names a mail server"):
        call_command("receive_mails", port=free_port())


def test_a_port_that_cannot_be_had_is_named(receiver: Receiver) -> None:
    with pytest.raises(CommandError, match=f"Port {receiver.port} cannot be used .*in use"):
        call_command("receive_mails", port=receiver.port)
    for port in (0, -1, 65536):
        with pytest.raises(CommandError, match="from 1 to 65535"):
            call_command("receive_mails", port=port)
