"""Django's settings: what the environment says, made into what the shop is built of."""

from __future__ import annotations

import os
import secrets
import sys
from ipaddress import ip_network
from typing import Any

import dj_email_url

from extract.observe import configure_structlog, logging_config
from shop.databases import databases
from shop.environment import BASE_DIR, read_environment
from shop.operations.theme import unfold
from shop.process_roles import (
    apps_of,
    private_variables,
    public_keys,
    role_secrets,
    secret_of,
    signing_key,
)
from shop.routes import APP_LABELS, EVERYWHERE, PUBLIC_PAGES, ROUTES
from shop.statics import HASHED, PLAIN, collected
from shop.version import version

environment, business = read_environment()

DATA_DIR = environment.DATA_DIR
# The monolith keeps its own lines: nobody else does. Those of `up` are kept by what starts them.
LOG_DIR = environment.LOG_DIR or (None if environment.EXTRACT_ROLE else DATA_DIR / "logs")
DEBUG = environment.DEBUG
SECRET_KEY = signing_key(environment)
# What messages to the visitor are signed with: any app may show what another one has to say.
PAGES_SECRET_KEY = secret_of(environment, "pages")

# Where this process stands among others; without a role it is the whole shop.
EXTRACT_ROLE = environment.EXTRACT_ROLE
EXTRACT_APPS = apps_of(environment)
EXTRACT_LOG_SPANS = environment.EXTRACT_LOG_SPANS
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
# The gateway's own directory, and the seconds for which it keeps whom a credential proves. With
# the 3 that identity keeps what an authorization server said, a revocation is felt within 5.
EXTRACT_GATEWAY = DATA_DIR / "gateway"
EXTRACT_IDENTITY_CACHE = 1 if environment.OIDC_ISSUER else 2
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
ALLOWED_HOSTS = environment.allowed_hosts()
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
# How long carts are kept that nobody comes back to.
CART_KEEP_DAYS = environment.CART_KEEP_DAYS
# What opens /internal/metrics to a Prometheus; without it only this machine is let in.
EXTRACT_METRICS_TOKEN = environment.METRICS_TOKEN
# An OpenTelemetry collector, which is sent the spans.
EXTRACT_OTLP_ENDPOINT = environment.OTEL_EXPORTER_OTLP_ENDPOINT
EXTRACT_INVARIANTS = ("shop.invariants",)
# What is the operator's to say; each process of a fleet hears it from its supervisor, and the same.
CURRENCY = business.currency
SHIPPING_PRICE = business.shipping_price  # net, flat
SHOP_NAME = business.shop_name
SELLER = business.seller.model_dump()
EXTRACT_SHARED_VARIABLES = {**business.variables(), "SHOP_FILE": os.devnull}
# How the shop is reached: links in mails start with it, and where it is https, cookies, forms and
# redirects follow. Whose word on a client's address and scheme is taken besides the gateway's.
BASE_URL = environment.BASE_URL or f"http://127.0.0.1:{environment.PORT}"
BASE_SCHEME = "https" if BASE_URL.startswith("https:") else ""
TRUSTED_PROXIES = tuple(map(ip_network, environment.TRUSTED_PROXIES))
COOKIE_PREFIX = "__Host-" if BASE_SCHEME else ""

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "extract",
    "extract.registry",
    "extract.oidc",
    "extract.control",
    "shop.accounts",
    "shop.rights",
    "shop.operations",
    "shop.mails",
    "shop.pages",
    "shop.demo",
    *(f"apps.{app}" for app in APP_LABELS),
]
MIDDLEWARE = [
    "extract.gateway.upstream.ForwardedMiddleware",
    "extract.observe.middleware.ObserveMiddleware",
    "extract.gateway.upstream.ServedHereMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "shop.policy.PolicyMiddleware",
    "shop.statics.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "extract.edge.middleware.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "extract.oidc.middleware.AuthenticationMiddleware",
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
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    # Counts of failed tries: Django's 300 entries would let a stranger push them out.
    "tries": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "tries",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
if environment.REDIS_URL:  # where all processes count together
    CACHES["tries"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": environment.REDIS_URL,
        "KEY_PREFIX": "tries",
        "OPTIONS": {
            "serializer": "extract.identity.tries.CountSerializer",
            "socket_timeout": 0.5,
            "socket_connect_timeout": 0.5,
        },
    }
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/products/media/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
UPLOAD_MAX_SIZE = environment.UPLOAD_MAX_SIZE
USE_TZ = True
TIME_ZONE = business.time_zone
LANGUAGE_CODE = "en-gb"

# Mail: kept in the data directory and readable at /mails/ unless a server is named.
EMBEDDED_MAIL = not environment.EMAIL_URL
DEFAULT_FROM_EMAIL = business.default_from_email
MESSAGE_ID_DOMAIN = business.message_id_domain
EMAIL_TIMEOUT = 10
if EMBEDDED_MAIL:
    EMAIL_BACKEND = "shop.mails.backend.EmailBackend"
    MAILS_DIR = DATA_DIR / "mails"
    # To whoever reaches the shop, while that is somebody on this machine.
    MAILS_FOR_ALL = environment.is_loopback_only()
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
# An authorization server instead of the passwords here, if one is named. With the break-glass
# account, superusers' passwords go on opening a door of their own.
OIDC_ISSUER = environment.OIDC_ISSUER
OIDC_INTERNAL_URL = environment.OIDC_INTERNAL_URL
OIDC_CLIENT_ID = environment.OIDC_CLIENT_ID
OIDC_CLIENT_SECRET = environment.OIDC_CLIENT_SECRET
OIDC_ACCOUNT_URL = f"{OIDC_ISSUER}/account/" if OIDC_ISSUER else ""
OIDC_CALLBACK = "shop:callback"
# The realm's roles of who works in the back office; others are called like groups there.
OIDC_STAFF_ROLE = "operator"
OIDC_SUPERUSER_ROLE = "superuser"
BREAK_GLASS = environment.BREAK_GLASS
if OIDC_ISSUER:
    AUTHENTICATION_BACKENDS = ["shop.accounts.signed_in.SignedInBackend"]
    if BREAK_GLASS:
        AUTHENTICATION_BACKENDS.append("shop.accounts.backends.BreakGlassBackend")
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/accounts/profile/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_RESET_TIMEOUT = 3600
# The devices that an account was used on, to let its owner in while strangers guess.
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
# In a cookie: a message is shown by whichever process serves the next page.
MESSAGE_STORAGE = "shop.pages.messages.PagesStorage"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(BASE_SCHEME)
CSRF_TRUSTED_ORIGINS = [environment.BASE_URL] if environment.BASE_URL else []
SECURE_HSTS_SECONDS = environment.HSTS_SECONDS
# Only a trusted proxy can say that somebody came by http: the gateway's own calls do not.
SECURE_SSL_REDIRECT = bool(BASE_SCHEME)
SECURE_SSL_HOST = BASE_URL.partition("://")[2]
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^internal/", r"^identity/"]
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
STATIC_ROOT = environment.STATIC_DIR or DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "shop" / "static"]
_apps = (each for room in ("apps", "extract") for each in BASE_DIR.glob(f"{room}/*/static"))
_sources = [*STATICFILES_DIRS, *_apps, BASE_DIR / "requirements.txt"]
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
UNFOLD = unfold(SHOP_NAME)

# Logs
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = 20
# Where the lines of all processes are read from; "": from their own files.
ELASTICSEARCH_URL = environment.ELASTICSEARCH_URL
LOGGING = logging_config(
    service=EXTRACT_ROLE or "shop",
    console=True if DEBUG else None,
    file=LOG_DIR and LOG_DIR / f"{EXTRACT_ROLE or 'shop'}.jsonl",
)
configure_structlog()
