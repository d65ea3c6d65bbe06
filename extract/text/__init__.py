"""What people write and read, in one definition for forms, serializers, models, imports and
commands: a line of text, a text of several lines, an e-mail address, a short name for a UUID."""

from extract.text.line import legible, one_line, paragraphs
from extract.text.mail_address import email_address
from extract.text.short_id import short_id, uuids_called

__all__ = ["email_address", "legible", "one_line", "paragraphs", "short_id", "uuids_called"]
