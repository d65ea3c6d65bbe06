"""An e-mail address, as it is kept and compared."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email

from extract.text.line import as_written

LONGEST_ADDRESS = 254
"""Characters: what fits between the brackets of SMTP's MAIL FROM."""


def email_address(text: str) -> str:
    """The address in ASCII, its domain in lower case (IDNA 2008, UTS 46); the part before the @ is
    left as it is. One mailbox has one spelling.

    Raises Django's ``ValidationError`` with one sentence for what is no address of the internet:
    quoted or other than ASCII before the @, an IP address or a single label after it.
    """
    # Not composed: of other letters that would make ASCII ones before the @.
    written = as_written(text)
    try:
        found = validate_email(
            written, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as error:
        raise ValidationError(f"Enter a valid e-mail address. {error}", code="invalid") from None
    address = found.ascii_email
    if address is None or len(address) > LONGEST_ADDRESS:
        raise ValidationError("Enter a valid e-mail address. This one is too long.", code="invalid")
    return address
