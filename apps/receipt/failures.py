"""Which failures to send a mail will not pass by themselves."""

from __future__ import annotations

import smtplib

PERMANENT = 500


class Undeliverable(Exception):
    """A mail cannot be sent to whom it is for, however often it is tried."""


def why_permanent(error: Exception) -> str:
    """Why trying again cannot help, in a sentence; "" if it may.

    Only what is said of this mail or its recipient counts: a wrong password of ours, or a
    server that refuses our sender, is mended by an operator, and then the mail can go.
    """
    if isinstance(error, Undeliverable):
        return str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = list(error.recipients.values())
        if answers and all(code >= PERMANENT for code, _ in answers):
            return f"The mail server refused the recipient: {_said(*answers[0])}."
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= PERMANENT:
        return f"The mail server refused the mail: {_said(error.smtp_code, error.smtp_error)}."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"The mail server cannot write to this address: {error}."
    return ""


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"
