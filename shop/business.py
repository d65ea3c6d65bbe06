"""What the operator says of the business: who sells, under which name, in which currency.

Each setting is an environment variable; or, in small letters, a key of one TOML file, where the
seller is a table. The environment wins over the file.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.numbers import get_currency_precision, get_territory_currencies
from django.core.exceptions import ValidationError as NotValid
from django_countries.data import COUNTRIES
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from extract.text import email_address, one_line

LONGEST_DOMAIN = 70
"""Of a Message-ID, which has an order's id and more before it."""
_DOMAIN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.A | re.I
)


class Unreadable(Exception):
    """The operator's file cannot be read. The message says why."""


def _line(text: str) -> str:
    try:
        return one_line(text)
    except NotValid as error:
        raise ValueError("; ".join(error.messages)) from None


def _address(text: str) -> str:
    try:
        return email_address(text)
    except NotValid:
        raise ValueError(f"{text!r} is no e-mail address") from None


def _currency(code: str) -> str:
    places = get_global("all_currencies").get(code, ())
    if not any(code in get_territory_currencies(place) for place in places):
        raise ValueError("must be the ISO 4217 code of a currency in use, like GBP")
    if get_currency_precision(code) != 2:
        raise ValueError(f"amounts have two decimals here, and those of {code} do not")
    return code


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write one like Europe/London") from None
    return name


Line = Annotated[str, Field(max_length=120), AfterValidator(_line)]
Filled = Annotated[Line, Field(min_length=1)]


class Seller(BaseModel):
    """Who sells, as it stands on invoices and mails. ``country`` is ISO 3166 alpha-2."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Filled
    line1: Filled
    line2: Line = ""
    city: Filled
    postcode: Line = ""
    country: str
    email: Annotated[str, AfterValidator(_address)]
    vat_number: Line = ""
    company_number: Line = ""

    @field_validator("country")
    @classmethod
    def _known(cls, code: str) -> str:
        if code not in COUNTRIES:
            raise ValueError("must be a country's ISO 3166 code of two letters, like GB")
        return code


DEMO = Seller(
    name="Larkfield Trading Ltd",
    line1="12 Foundry Lane",
    city="Sheffield",
    postcode="S3 8AB",
    country="GB",
    email="accounts@example.com",
    vat_number="GB 123 4567 82",
    company_number="01234567",
)
"""Nothing of it is mixed with another seller's."""


class Business(BaseSettings):
    """One field per setting. ``shipping_price`` is net and flat. ``message_id_domain`` is the
    sender's unless it is told; a mail that is sent again keeps the Message-ID that it had."""

    model_config = SettingsConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        env_ignore_empty=True,
        env_nested_delimiter="_",
        env_nested_max_split=1,
    )

    shop_name: Annotated[Filled, Field(max_length=60)] = "Larkfield"
    seller: Seller = DEMO
    currency: Annotated[str, AfterValidator(_currency)] = "GBP"
    shipping_price: Decimal = Field(default=Decimal("4.95"), ge=0, max_digits=8, decimal_places=2)
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "Europe/London"
    default_from_email: Annotated[Line, Field(max_length=254)] = "shop@example.com"
    message_id_domain: str = Field(default="", validate_default=True)

    @field_validator("default_from_email")
    @classmethod
    def _sender(cls, value: str) -> str:
        _address(parseaddr(value)[1])
        return value

    @field_validator("message_id_domain")
    @classmethod
    def _domain(cls, value: str, info: ValidationInfo) -> str:
        sender = parseaddr(info.data.get("default_from_email", ""))[1]
        domain = value or sender.rpartition("@")[2]
        if domain and not (_DOMAIN.fullmatch(domain) and len(domain) <= LONGEST_DOMAIN):
            raise ValueError(f"must be a domain in ASCII of at most {LONGEST_DOMAIN} characters")
        return domain

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # what is passed in comes from the file

    def variables(self) -> dict[str, str]:
        """All of it as environment variables."""
        fields = self.model_dump(exclude={"seller"})
        seller = {f"seller_{name}": value for name, value in self.seller.model_dump().items()}
        return {name.upper(): str(value) for name, value in (fields | seller).items()}


def read_business(file: Path | None) -> Business:
    """What environment and ``file`` say. Raises ``Unreadable``, or pydantic's
    ``ValidationError`` with every mistake."""
    return Business(**(_read(file) if file else {}))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"{file} is no TOML in UTF-8: {error}") from error
