"""Django's settings: what the environment says, made into what the shop is built of."""

from __future__ import annotations

import secrets
import sys
from decimal import Decimal
from typing import Any

import dj_email_url

from extract.observe import configure_structlog, logging_config
from shop.databases import databases
from shop.environment import APP_LABELS, BASE_DIR, read_environment
from shop.roles import (
    apps_of,
    private_variables,
    public_keys,
    role_secrets,
    secret_of,
    signing_key,
)
from shop.routes import EVERYWHERE, PUBLIC_PAGES, ROUTES
from shop.statics import HASHED, PLAIN, collected
from shop.version import version

environment = read_environment()

DATA_DIR = environment.DATA_DIR
DEBUG = environment.DEBUG
SECRET_KEY = signing_key(environment)
# What messages to the visitor are signed with: any app may show what another one has to say.
PAGES_SECRET_KEY = secret_of(environment, "pages")

# Where this process stands among others; without a role it is the whole shop.
EXTRACT_ROLE = environment.EXTRACT_ROLE
EXTRACT_APPS = apps_of(environment)
EXTRACT_INSTANCE = environment.EXTRACT_INSTANCE or secrets.token_hex(4)
EXTRACT_ADDRESS = environment.EXTRACT_ADDRESS
EXTRACT_COME_HOME = tuple(environment.EXTRACT_COME_HOME)
EXTRACT_HOME_CAP = environment.EXTRACT_HOME_CAP
EXTRACT_ROLE_SECRETS = role_secrets(environment)
EXTRACT_PUBLIC_KEYS = public_keys(environment)
# The keys that the identity role signs identities with: a directory that its processes share.
EXTRACT_IDENTITY_KEYS = DATA_DIR / "secrets" / "identity"
EXTRACT_ROUTES = ROUTES
EXTRACT_PUBLIC_PAGES = PUBLIC_PAGES
EXTRACT_EVERYWHERE = EVERYWHERE
# The gateway's own directory, and the seconds for which it keeps whom a credential proves.
EXTRACT_GATEWAY = DATA_DIR / "gateway"
EXTRACT_IDENTITY_CACHE = 2
# What a process of its own is made of, when it is ready, and what its environment must not tell.
EXTRACT_VERSION = environment.EXTRACT_VERSION or version()
EXTRACT_GUNICORN = "shop.serving"
EXTRACT_PREPARE = "shop.start.prepare"
EXTRACT_READY = "/health/ready/"
EXTRACT_PRIVATE_VARIABLES = private_variables()
REDIS_URL = environment.REDIS_URL
# Where events go between processes; unset: they are handed over inside the one that has them.
CELERY_BROKER_URL = environment.CELERY_BROKER_URL
EXTRACT_CELERY = "shop.celery.app"
APP_SECRET_KEYS = {app: key for app, key in EXTRACT_ROLE_SECRETS.items() if app in APP_LABELS}
"""Signing keys of the apps served here; payment's makes the access tokens of orders."""
ALLOWED_HOSTS = environment.ALLOWED_HOSTS
THROTTLE = environment.THROTTLE
EXTRACT_SHOW_INSTANCE = environment.EXTRACT_SHOW_INSTANCE
EXTRACT_BASIC_AUTH = environment.EXTRACT_BASIC_AUTH
# Seconds after which a saga, a relay or an event's second step counts as left by the dead.
EXTRACT_LEASE = environment.EXTRACT_LEASE
EXTRACT_RELAY_LEASE = environment.EXTRACT_RELAY_LEASE
EXTRACT_STEP_SECONDS = environment.EXTRACT_STEP_SECONDS
# How often an event is tried before it is a dead letter; how long those that are done are kept.
EXTRACT_MAX_ATTEMPTS = environment.EXTRACT_MAX_ATTEMPTS
EXTRACT_KEEP_DAYS = environment.EXTRACT_KEEP_DAYS
EXTRACT_INVARIANTS = ("shop.invariants",)
CURRENCY = "GBP"
SHIPPING_PRICE = Decimal("4.95")  # net, flat
SHOP_NAME = "Larkfield"
# Who sells: printed on invoices. ``country`` is ISO 3166 alpha-2.
SELLER = {
    "name": "Larkfield Trading Ltd",
    "line1": "12 Foundry Lane",
    "line2": "",
    "city": "Sheffield",
    "postcode": "S3 8AB",
    "country": "GB",
    "email": "accounts@example.com",
    "vat_number": "GB 123 4567 82",
    "company_number": "01234567",
}
# Links in mails start with it.
BASE_URL = environment.BASE_URL or f"http://127.0.0.1:{environment.PORT}"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "extract",
    "extract.registry",
    "shop.accounts",
    "shop.operations",
    "shop.demo",
    "apps.product",
    "apps.payment",
    "apps.invoice",
    "apps.receipt",
]
MIDDLEWARE = [
    "extract.gateway.upstream.ForwardedMiddleware",
    "extract.observe.middleware.ObserveMiddleware",
    "extract.gateway.upstream.ServedHereMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "shop.policy.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "extract.identity.middleware.IdentityMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "extract.edge.middleware.EdgeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "shop" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["shop.pages.tags"],
        },
    }
]

# Data
DATABASES = databases(environment)
DATABASE_ROUTERS = ["extract.data.router.OwnerRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Django's 300 would let a stranger push out the counts of failed logins.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/products/media/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# The back office's confirmation of an action names each chosen row.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 15_000
UPLOAD_MAX_SIZE = 20 * 1024 * 1024
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"

# Mail: kept in the data directory and readable at /mails/ unless a server is named.
EMBEDDED_MAIL = not environment.EMAIL_URL
DEFAULT_FROM_EMAIL = "shop@example.com"
# Never changed on a running shop: a mail that is sent again must have the Message-ID it had.
MESSAGE_ID_DOMAIN = "mails.example.com"
EMAIL_TIMEOUT = 10
if EMBEDDED_MAIL:
    EMAIL_BACKEND = "shop.mails.backend.EmailBackend"
    MAILS_DIR = DATA_DIR / "mails"
else:
    globals().update(
        {
            k: v
            for k, v in dj_email_url.parse(environment.EMAIL_URL).items()
            if k.startswith("EMAIL")
        }
    )

# Accounts and what guards them
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["shop.accounts.backends.OperatorBackend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/accounts/profile/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator")
]
# In a cookie: a message is shown by whichever process serves the next page.
MESSAGE_STORAGE = "shop.pages.messages.PagesStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "extract.edge.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "shop" / "static"]
_sources = [*STATICFILES_DIRS, *BASE_DIR.glob("apps/*/static"), BASE_DIR / "requirements.txt"]
_collecting = "collectstatic" in sys.argv
_hashed = _collecting or (not DEBUG and collected(STATIC_ROOT, *_sources))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": HASHED if _hashed else PLAIN},
}
WHITENOISE_USE_FINDERS = not _hashed
WHITENOISE_AUTOREFRESH = DEBUG

# The API
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "extract.edge.handler.exception_handler",
    "DEFAULT_AUTHENTICATION_CLASSES": ["extract.edge.authentication.IdentityAuthentication"],
    "UNAUTHENTICATED_USER": "extract.edge.authentication.Caller",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["extract.edge.parser.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "extract.edge.pagination.Pagination",
    "DEFAULT_THROTTLE_CLASSES": ["extract.edge.throttle.ApiThrottle"],
    "DEFAULT_SCHEMA_CLASS": "extract.edge.schema.AutoSchema",
    "PAGE_SIZE": 24,
    "STRICT_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Shop API",
    "VERSION": "1",
    "DESCRIPTION": "Catalogue, carts, checkout, orders, refunds, invoices and receipts.",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "extract.edge.schema.describe_problems",
    ],
}

# The back office
_LIGHTNESS = dict(
    zip(
        (50, *range(100, 1000, 100), 950),
        (97, 94, 88, 80, 70, 55, 39, 33, 28, 23, 17),
        strict=True,
    )
)
UNFOLD = {
    "SITE_TITLE": SHOP_NAME,
    "SITE_HEADER": SHOP_NAME,
    "SITE_SYMBOL": "storefront",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "shop.operations.navigation.icon"}
    ],
    "STYLES": ["shop.operations.navigation.style"],
    "SIDEBAR": {"navigation": "shop.operations.navigation.sections"},
    "COLORS": {
        "primary": {str(step): f"oklch({light}% .07 165)" for step, light in _LIGHTNESS.items()}
    },
}

# Logs
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = 20
LOGGING = logging_config(service=EXTRACT_ROLE or "shop", console=True if DEBUG else None)
configure_structlog()
