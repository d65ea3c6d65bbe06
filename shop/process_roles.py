"""What a process holds, by its role: apps, databases, secrets. Without a role it is everything."""

from __future__ import annotations

import base64

from extract.trust import GATEWAY, HOME, IDENTITY, PublicKeys, RoleKeys
from extract.trust.keys import derived
from shop.environment import ROLES, Environment
from shop.routes import APP_LABELS
from shop.secrets import kept_secret

_EVERYTHING = ("", HOME)
_SECRET_FILES = {HOME: "secret_key"}


def apps_of(environment: Environment) -> tuple[str, ...]:
    """The apps whose requests, calls and background work the process takes on."""
    role = environment.EXTRACT_ROLE
    if role in APP_LABELS:
        return (role,)
    return () if role in (IDENTITY, GATEWAY) else tuple(environment.EXTRACT_APPS)


def aliases_of(environment: Environment) -> tuple[str, ...]:
    """The databases that the process may open."""
    role = environment.EXTRACT_ROLE
    if role in APP_LABELS:
        return (role,)
    return ("default",) if role in (IDENTITY, GATEWAY) else ("default", *APP_LABELS)


def secret_of(environment: Environment, owner: str) -> str:
    """The secret of an app, a role or the pages: as set, else kept in the data directory."""
    name = _SECRET_FILES.get(owner, f"{owner}_secret_key")
    return environment.secret_key(owner) or kept_secret(environment.DATA_DIR, name)


def role_secrets(environment: Environment) -> dict[str, str]:
    """The secrets that the process holds: all at home, elsewhere its own."""
    role = environment.EXTRACT_ROLE
    owners = ROLES if role in _EVERYTHING else (role,)
    return {owner: secret_of(environment, owner) for owner in owners}


def signing_key(environment: Environment) -> str:
    """Django's ``SECRET_KEY``. Identity reads the sessions that home wrote, so it has home's."""
    role = environment.EXTRACT_ROLE
    if role in (*_EVERYTHING, IDENTITY):
        return secret_of(environment, HOME)
    raw = derived(secret_of(environment, role).encode(), "django")
    return base64.urlsafe_b64encode(raw).decode()


def public_keys(environment: Environment) -> dict[str, str]:
    """Every role's public keys: as set, else from the secrets that this machine keeps."""
    if not environment.EXTRACT_ROLE:
        return {}
    if environment.EXTRACT_PUBLIC_KEYS:
        named = (entry.partition("=") for entry in environment.EXTRACT_PUBLIC_KEYS)
        return {role: str(PublicKeys.parse(key)) for role, _, key in named}
    return {role: str(RoleKeys(role, secret_of(environment, role)).public) for role in ROLES}


def private_variables() -> dict[str, tuple[str, ...]]:
    """The environment variables that tell secrets, each with the roles that may know it."""
    own = {
        f"{owner.upper()}_SECRET_KEY": (HOME, owner) for owner in (IDENTITY, GATEWAY, *APP_LABELS)
    }
    databases = {f"{app.upper()}_DATABASE_URL": (HOME, app) for app in APP_LABELS}
    shared = dict.fromkeys(("SECRET_KEY", "OIDC_CLIENT_SECRET"), (HOME, IDENTITY))
    return {**shared, **own, **databases}
