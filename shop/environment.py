"""What the process is told by its environment: typed, checked, every mistake reported at once.

Unset means the embedded default, which lives in ``DATA_DIR``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import dj_database_url
import dj_email_url
from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from extract.trust.keys import PublicKeys

BASE_DIR = Path(__file__).resolve().parent.parent
APP_LABELS = ("product", "payment", "invoice", "receipt")
ROLES = ("home", "identity", "gateway", *APP_LABELS)
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]

_DATABASES = ("postgres", "postgresql", "sqlite")
_BROKERS = ("redis", "rediss", "redis+socket", "amqp", "amqps")
_MAILS = ("smtp", "smtps", "smtp+tls", "smtp+ssl", "submission", "console", "memory", "file")


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Listed = Annotated[list[str], NoDecode, BeforeValidator(_listed)]


class Environment(BaseSettings):
    """One field per environment variable, in the spelling users set."""

    model_config = SettingsConfigDict(case_sensitive=True, extra="ignore", env_ignore_empty=True)

    SECRET_KEY: str = ""
    DEBUG: bool = False
    ALLOWED_HOSTS: Listed = Field(default_factory=LOOPBACK.copy)
    DATA_DIR: Path = BASE_DIR / "var"
    BASE_URL: str = ""
    PORT: int = Field(default=8000, ge=1, le=65535)
    DATABASE_URL: str = ""
    REDIS_URL: str = ""
    CELERY_BROKER_URL: str = ""
    EMAIL_URL: str = ""
    THROTTLE: Literal["on", "off"] = "on"
    EXTRACT_APPS: Listed = Field(default_factory=lambda: list(APP_LABELS))
    EXTRACT_ROLE: str = ""
    EXTRACT_INSTANCE: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,40}$")
    EXTRACT_ADDRESS: str = ""
    EXTRACT_VERSION: str = Field(default="", max_length=80)
    EXTRACT_COME_HOME: Listed = Field(default_factory=lambda: list(APP_LABELS))
    EXTRACT_HOME_CAP: int = Field(default=6, ge=1, le=1000)
    EXTRACT_PUBLIC_KEYS: Listed = Field(default_factory=list)
    EXTRACT_SHOW_INSTANCE: bool = False
    EXTRACT_BASIC_AUTH: bool = False
    EXTRACT_LEASE: float = Field(default=10.0, gt=0, le=3600)
    EXTRACT_RELAY_LEASE: float = Field(default=5.0, gt=0, le=3600)
    EXTRACT_STEP_SECONDS: float = Field(default=20.0, gt=0, le=3600)
    EXTRACT_MAX_ATTEMPTS: int = Field(default=12, ge=1, le=100)
    EXTRACT_KEEP_DAYS: float = Field(default=30.0, gt=0, le=3650)

    PRODUCT_DATABASE_URL: str = ""
    PAYMENT_DATABASE_URL: str = ""
    INVOICE_DATABASE_URL: str = ""
    RECEIPT_DATABASE_URL: str = ""
    IDENTITY_SECRET_KEY: str = ""
    GATEWAY_SECRET_KEY: str = ""
    PAGES_SECRET_KEY: str = ""
    PRODUCT_SECRET_KEY: str = ""
    PAYMENT_SECRET_KEY: str = ""
    INVOICE_SECRET_KEY: str = ""
    RECEIPT_SECRET_KEY: str = ""

    @field_validator("*", mode="after")
    @classmethod
    def _can_work(cls, value: Any, info: Any) -> Any:
        name = str(info.field_name)
        if name.endswith("SECRET_KEY") and value and len(value) < 16:
            raise ValueError("a secret key needs at least 16 characters")
        if name.endswith("DATABASE_URL") and value:
            _check_database(value)
        if name in _SCHEMES and value:
            _check_scheme(value, _SCHEMES[name])
        return value

    @field_validator("EMAIL_URL")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value:
            _check_scheme(value, _MAILS)
            dj_email_url.parse(value)
        return value

    @field_validator("BASE_URL")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value:
            _check_scheme(value, ("http", "https"))
        return value.rstrip("/")

    @field_validator("EXTRACT_APPS")
    @classmethod
    def _known_apps(cls, value: list[str]) -> list[str]:
        if unknown := sorted(set(value) - set(APP_LABELS)):
            raise ValueError(
                f"no such app: {', '.join(unknown)} (there are {', '.join(APP_LABELS)})"
            )
        return value

    @field_validator("EXTRACT_COME_HOME", mode="after")
    @classmethod
    def _coming_home(cls, value: list[str]) -> list[str]:
        return [] if value == ["none"] else cls._known_apps(value)

    @field_validator("EXTRACT_ROLE")
    @classmethod
    def _known_role(cls, value: str, info: Any) -> str:
        if value and value not in ROLES:
            raise ValueError(f"no such role: {value} (there are {', '.join(ROLES)})")
        if value and info.data.get("REDIS_URL") == "":
            raise ValueError("needs REDIS_URL as well: where all processes find each other")
        return value

    @field_validator("EXTRACT_ADDRESS")
    @classmethod
    def _address(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if value and not (host and colon and port.isdecimal() and int(port) < 65536):
            raise ValueError("must be host:port, where other processes reach this one")
        return value

    @field_validator("EXTRACT_PUBLIC_KEYS")
    @classmethod
    def _public_keys(cls, value: list[str]) -> list[str]:
        for entry in value:
            role, equals, key = entry.partition("=")
            if not equals or role not in ROLES:
                raise ValueError("must be role=key, role=key, … with the roles' public keys")
            PublicKeys.parse(key)
        return value

    @field_validator("DATA_DIR")
    @classmethod
    def _writable(cls, value: Path) -> Path:
        path = value.expanduser()
        path = path if path.is_absolute() else BASE_DIR / path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"the directory cannot be made: {error.strerror}") from error
        return path

    def database_url(self, alias: str) -> str:
        """The URL set for the alias itself, or ""."""
        return "" if alias == "default" else str(getattr(self, f"{alias.upper()}_DATABASE_URL"))

    def secret_key(self, owner: str) -> str:
        """The key set for an app, a role or the pages, or ""."""
        name = "SECRET_KEY" if owner == "home" else f"{owner.upper()}_SECRET_KEY"
        return str(getattr(self, name))


_SCHEMES = {"REDIS_URL": ("redis", "rediss", "unix"), "CELERY_BROKER_URL": _BROKERS}


def _check_scheme(url: str, schemes: tuple[str, ...]) -> None:
    scheme, colon, _ = url.partition(":")
    if not colon or scheme not in schemes:
        raise ValueError(f"must be a URL that begins with one of {', '.join(schemes)}, then ':'")


def _check_database(url: str) -> None:
    _check_scheme(url, _DATABASES)
    try:
        parsed = dj_database_url.parse(url)
    except Exception as error:
        raise ValueError(f"is no database URL: {error}") from error
    if not parsed.get("NAME"):
        raise ValueError("names no database; write postgresql://user:password@host:port/name")


def read_environment() -> Environment:
    """The environment, or the end of the process with one message that names every mistake."""
    try:
        return Environment()
    except ValidationError as error:
        lines = [f"  {_name(each)}: {_sentence(each)}" for each in error.errors()]
        sys.exit(
            "The shop cannot start; these environment variables cannot work:\n" + "\n".join(lines)
        )


def _name(error: Any) -> str:
    return str(error["loc"][0]) if error["loc"] else "environment"


def _sentence(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ") + "."
