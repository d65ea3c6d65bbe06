"""What the process is told by its environment: typed, checked, every mistake reported at once.

Unset means the embedded default, which lives in ``DATA_DIR``.
"""

from __future__ import annotations

import ipaddress
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
from pydantic import (
    BeforeValidator,
    ByteSize,
    Field,
    ValidationError,
    create_model,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from extract.trust.keys import PublicKeys
from shop.authorization import ClientSecret, InternalUrl, Issuer
from shop.business import Business, Unreadable, read_business
from shop.observers import Collector, MetricsToken
from shop.routes import APP_LABELS
from shop.secret_files import told_by_files

BASE_DIR = Path(__file__).resolve().parent.parent
USUAL_DATA_DIR = BASE_DIR / "var"
ROLES = ("home", "identity", "gateway", *APP_LABELS)
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]

_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")
_PORTS = {"http": 80, "https": 443}
_DATABASES = ("postgres", "postgresql", "sqlite")
_BROKERS = ("redis", "rediss", "redis+socket", "amqp", "amqps")
_MAILS = ("smtp", "smtps", "smtp+tls", "smtp+ssl", "submission", "console", "memory", "file")


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Told = TypeVar("Told")
Listed = Annotated[list[str], NoDecode, BeforeValidator(_listed)]


class Environment(BaseSettings):
    """One field per environment variable, in the spelling users set; ``with_apps`` adds those of
    each app."""

    model_config = SettingsConfigDict(case_sensitive=True, extra="ignore", env_ignore_empty=True)

    SECRET_KEY: str = ""
    DEBUG: bool = False
    ALLOWED_HOSTS: Listed = Field(default_factory=LOOPBACK.copy)
    DATA_DIR: Path = USUAL_DATA_DIR
    STATIC_DIR: Path | None = None
    BASE_URL: str = ""
    TRUSTED_PROXIES: Listed = Field(default_factory=list)
    HSTS_SECONDS: int = Field(default=30 * 24 * 3600, ge=0)
    PORT: int = Field(default=8000, ge=1, le=65535)
    UPLOAD_MAX_SIZE: ByteSize = Field(default=ByteSize(20 * 1024 * 1024), ge=1024 * 1024)
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
    EXTRACT_LOG_SPANS: bool = True
    LOG_DIR: Path | None = None
    EXTRACT_BASIC_AUTH: bool = False
    EXTRACT_LEASE: float = Field(default=10.0, gt=0, le=3600)
    EXTRACT_RELAY_LEASE: float = Field(default=5.0, gt=0, le=3600)
    EXTRACT_STEP_SECONDS: float = Field(default=20.0, gt=0, le=3600)
    EXTRACT_MAX_ATTEMPTS: int = Field(default=12, ge=1, le=100)
    EXTRACT_KEEP_DAYS: float = Field(default=30.0, gt=0, le=3650)
    CART_KEEP_DAYS: float = Field(default=90.0, gt=0, le=3650)
    OIDC_ISSUER: Issuer = ""
    OIDC_INTERNAL_URL: InternalUrl = ""
    OIDC_CLIENT_ID: str = "shop"
    OIDC_CLIENT_SECRET: ClientSecret = ""
    SHOP_URL: str = ""
    ELASTICSEARCH_URL: str = ""
    BREAK_GLASS: bool = False
    METRICS_TOKEN: MetricsToken = ""
    OTEL_EXPORTER_OTLP_ENDPOINT: Collector = ""
    IDENTITY_SECRET_KEY: str = ""
    GATEWAY_SECRET_KEY: str = ""
    PAGES_SECRET_KEY: str = ""

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

    @field_validator("BASE_URL", "SHOP_URL")
    @classmethod
    def _web_address(cls, value: str) -> str:
        """As browsers spell it in ``Origin``."""
        if not value:
            return ""
        _check_scheme(value, ("http", "https"))
        url = urlsplit(value)
        host = url.hostname or ""
        host = f"[{host}]" if ":" in host else host
        is_more = "@" in url.netloc or url.path.strip("/") or url.query or url.fragment
        if is_more or not _HOST.fullmatch(host):
            raise ValueError("must be a scheme and a host in ASCII, like https://shop.example.com")
        port = "" if url.port in (None, _PORTS[url.scheme]) else f":{url.port}"
        return f"{url.scheme}://{host}{port}"

    @field_validator("ELASTICSEARCH_URL")
    @classmethod
    def _server(cls, value: str) -> str:
        if value and not _is_server(value):
            raise ValueError("must be a URL like http://user:password@elasticsearch:9200")
        return value.rstrip("/")

    @field_validator("TRUSTED_PROXIES")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        return [str(ipaddress.ip_network(each)) for each in value]

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

    @field_validator("LOG_DIR")
    @classmethod
    def _whole_path(cls, value: Path | None) -> Path | None:
        return value and _whole(value)

    @field_validator("DATA_DIR")
    @classmethod
    def _writable(cls, value: Path) -> Path:
        path = _whole(value)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(path)
        except OSError as error:
            raise ValueError(f"the directory {path} cannot be made: {error.strerror}") from error
        return path

    def allowed_hosts(self) -> list[str]:
        """The names that requests may be for: those that were told, the one that browsers reach
        the shop by, and the one that the authorization server does."""
        urls = map(urlsplit, (self.BASE_URL, self.SHOP_URL))
        hosts = (url.netloc.removesuffix(f":{url.port}") for url in urls)
        return list(dict.fromkeys([*self.ALLOWED_HOSTS, *filter(None, hosts)]))

    def is_loopback_only(self) -> bool:
        """Whether the shop has no name but this machine's own."""
        return set(self.allowed_hosts()) <= {*LOOPBACK, "::1"}

    def database_url(self, alias: str) -> str:
        """The URL set for the alias itself, or ""."""
        return "" if alias == "default" else str(getattr(self, f"{alias.upper()}_DATABASE_URL"))

    def secret_key(self, owner: str) -> str:
        """The key set for an app, a role or the pages, or ""."""
        name = "SECRET_KEY" if owner == "home" else f"{owner.upper()}_SECRET_KEY"
        return str(getattr(self, name))


def with_apps(labels: Iterable[str]) -> type[Environment]:
    """The environment of a shop with these apps: each has a database and a secret key of its own,
    as in ``PAYMENT_DATABASE_URL``."""
    names = [f"{app.upper()}_{own}" for app in labels for own in ("DATABASE_URL", "SECRET_KEY")]
    fields: Any = dict.fromkeys(names, (str, ""))
    return create_model("Environment", __base__=Environment, **fields)


_SCHEMES = {"REDIS_URL": ("redis", "rediss", "unix"), "CELERY_BROKER_URL": _BROKERS}


def _make_private(directory: Path) -> None:
    """Databases, mails and logs in it are nobody else's to read, also if it was made otherwise."""
    mode = directory.stat().st_mode
    if mode & stat.S_ISVTX:
        raise ValueError(f"{directory} is shared with others; name a directory of the shop's own")
    if mode & 0o077 and directory.stat().st_uid == os.geteuid():
        directory.chmod(0o700)


def _check_scheme(url: str, schemes: tuple[str, ...]) -> None:
    scheme, colon, _ = url.partition(":")
    if not colon or scheme not in schemes:
        raise ValueError(f"must be a URL that begins with one of {', '.join(schemes)}, then ':'")


def _is_server(value: str) -> bool:
    """Of a server that is asked over HTTP. A part that cannot be read may be a password, so none
    is named."""
    try:
        url = urlsplit(value)
        is_whole = bool(url.hostname) and url.port != 0
    except ValueError:
        return False
    return is_whole and url.scheme in ("http", "https") and not (url.query or url.fragment)


def _check_database(url: str) -> None:
    _check_scheme(url, _DATABASES)
    try:
        parsed = dj_database_url.parse(url)
    except Exception as error:
        raise ValueError(f"is no database URL: {error}") from error
    if not parsed.get("NAME"):
        raise ValueError("names no database; write postgresql://user:password@host:port/name")


def read_environment() -> tuple[Environment, Business]:
    """What the process is told, or its end with one message that names every mistake."""
    model = with_apps(APP_LABELS)
    secrets, mistakes = told_by_files(model.model_fields)
    file = shop_file()
    environment = _read(partial(model, **secrets), mistakes)
    business = _read(lambda: read_business(file), mistakes)
    if environment is None or business is None:
        where = f" (or keys of {file})" if file else ""
        sys.exit(
            f"The shop cannot start; these environment variables{where} cannot work:\n"
            + "\n".join(mistakes)
        )
    return environment, business


def shop_file() -> Path | None:
    """The operator's file: ``SHOP_FILE``, else ``shop.toml`` in ``DATA_DIR`` if it is there."""
    if named := os.environ.get("SHOP_FILE"):
        return _whole(Path(named))
    usual = _whole(Path(os.environ.get("DATA_DIR") or USUAL_DATA_DIR)) / "shop.toml"
    return usual if usual.exists() else None


def _whole(path: Path) -> Path:
    path = path.expanduser()
    return path if path.is_absolute() else BASE_DIR / path


def _read(read: Callable[[], Told], mistakes: list[str]) -> Told | None:
    try:
        return read()
    except ValidationError as error:
        mistakes += [f"  {_name(each)}: {_sentence(each)}" for each in error.errors()]
    except Unreadable as error:
        mistakes.append(f"  SHOP_FILE: {error}.")
    return None


def _name(error: Any) -> str:
    return "_".join(str(part) for part in error["loc"] if isinstance(part, str)).upper()


_SENTENCES = {
    "missing": "must be told, since other things of the seller are.",
    "extra_forbidden": "there is no such setting; in a file the seller is a table, [seller].",
}


def _sentence(error: Any) -> str:
    said = str(error["msg"]).removeprefix("Value error, ") + "."
    return _SENTENCES.get(error["type"], said)
