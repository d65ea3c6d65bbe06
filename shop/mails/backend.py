"""Django's e-mail backend of the embedded default: mails are kept as files, to be read there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from shop.mails import store


class EmailBackend(BaseEmailBackend):
    """Stores each sending in ``settings.MAILS_DIR``; nothing leaves the machine."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were stored; those without a recipient are not."""
        kept = 0
        for email in email_messages:
            if not email.recipients():
                continue
            message = email.message()
            try:
                store.keep(str(message["Message-ID"]), message.as_bytes())
            except OSError:
                if not self.fail_silently:
                    raise
            else:
                kept += 1
        return kept

    def delete_kept(self, message_ids: Iterable[str]) -> None:
        """Remove the messages, however often they were sent."""
        for message_id in message_ids:
            store.delete(message_id)
