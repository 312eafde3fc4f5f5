"""Settings that every installation shares. Values that differ come from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from psycopg.conninfo import conninfo_to_dict

from config import env
from config.settings import words

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("LOCKWRIGHT_VAR", str(BASE_DIR / "var")))

DEBUG = False
DEMO = env.flag("LOCKWRIGHT_DEMO", default=False)
SECRET_KEY = env.secret("LOCKWRIGHT_SECRET_KEY")
# Badge numbers are stored as HMAC-SHA256 under this key; without it every badge is enrolled anew.
BADGE_KEY = env.secret("LOCKWRIGHT_BADGE_KEY").encode()
# Combinations of locks are encrypted under these, newest first; without them none can be read.
COMBINATION_KEYS = env.sealing_keys("LOCKWRIGHT_COMBINATION_KEYS")
# Passes are signed under the first of these and read under all; without them none is issued.
PASS_KEYS = env.sealing_keys("LOCKWRIGHT_PASS_KEYS")
# What bridges are told is signed under the first of these; without them no bridge is greeted.
BRIDGE_KEYS = env.sealing_keys("LOCKWRIGHT_BRIDGE_KEYS")
# Seconds without us after which a bridge gives out its doors by itself; see lockers/authority.md.
BRIDGE_LEASE_S = env.number("LOCKWRIGHT_BRIDGE_LEASE", 60)
# What links in letters begin with.
PUBLIC_URL = env.text("LOCKWRIGHT_URL", "http://127.0.0.1:8000")
# Who may read /metrics/ besides superusers: Prometheus, with this as its bearer token.
METRICS_TOKEN = env.text("LOCKWRIGHT_METRICS_TOKEN", "")
ALLOWED_HOSTS = env.words("LOCKWRIGHT_ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = env.words("LOCKWRIGHT_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.guardian",
    "config.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.humanize",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "django_htmx",
    "django_q",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "import_export",
    "rest_framework",
    "rest_framework.authtoken",
    "audit",
    "lockers",
    "access",
    "occupancy",
    "maintenance",
    "kiosk",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.zones.local_time",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.account.last_seen.LastSeenMiddleware",
    "access.accounts.SecondStepMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database(url: str) -> dict[str, Any]:
    """Translate DATABASE_URL into Django's form.

    Under ASGI every request has its own thread, so connections come from a pool; a WSGI worker
    or a command keeps the one that it has (CONN_MAX_AGE under ASGI leaks them).
    """
    parts = conninfo_to_dict(url)
    pooled = env.flag("LOCKWRIGHT_DATABASE_POOL", default=False)
    options: dict[str, Any] = {
        key: value
        for key, value in parts.items()
        if key not in {"dbname", "user", "password", "host", "port"}
    }
    # Prepared on the server after a few uses: planning a claim costs more than running it.
    options |= {"server_side_binding": True, "prepare_threshold": 3}
    if pooled:
        options["pool"] = {"min_size": 2, "max_size": 20, "timeout": 10}
    return {
        "ENGINE": "config.database",
        "NAME": parts.get("dbname", "lockwright"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "CONN_MAX_AGE": 0 if pooled else 600,
        "CONN_HEALTH_CHECKS": not pooled,
        "OPTIONS": options,
    }


DATABASES = {"default": _database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Log-in of staff: password, passkey or a code by e-mail, then a second step where one is set up.
# Nobody signs up: log-ins come from invitations, set-up and superusers.
ACCOUNT_ADAPTER = "access.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Lockwright: "
ACCOUNT_LOGIN_BY_CODE_ENABLED = env.flag("LOCKWRIGHT_LOGIN_BY_CODE", default=False)
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
# Our words on fields and refusals; what allauth's forms do stays theirs.
ACCOUNT_FORMS, MFA_FORMS = words.ACCOUNT_FORMS, words.MFA_FORMS
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    # What people report who are nobody we know: a whole house may stand behind one address.
    "door_label": "30/15m/ip,15/15m/key",
}
MFA_ADAPTER = "access.accounts.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Lockwright"
# One step of 30 s to either side, for clocks that are not quite right.
MFA_TOTP_TOLERANCE = 1
# Browsers only offer passkeys over HTTPS and on localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
USERSESSIONS_ADAPTER = "access.accounts.SessionsAdapter"
# Who has no second step yet is sent to set one up and can do nothing else.
REQUIRE_SECOND_STEP = env.flag("LOCKWRIGHT_REQUIRE_MFA", default=False)
# How many proxies stand in front and add to X-Forwarded-For; limits count by client address.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("LOCKWRIGHT_PROXIES", default=0)

# Limits on log-ins are counted in the database: a restart does not forget them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "config_cache",
    }
}

# Without a mail server, mail is laid down in a folder for whoever looks after the server.
EMAIL_HOST = env.text("LOCKWRIGHT_EMAIL_HOST", "")
EMAIL_PORT = env.number("LOCKWRIGHT_EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.text("LOCKWRIGHT_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("LOCKWRIGHT_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("LOCKWRIGHT_EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("LOCKWRIGHT_EMAIL_FROM", "Lockwright <lockwright@localhost>")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
FORMAT_MODULE_PATH = "config.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Fonts with letters that ours lack, for lists on paper.
PRINT_FONTS = env.words("LOCKWRIGHT_PRINT_FONTS")

# PostgreSQL is the job queue too.
Q_CLUSTER = {
    "name": "lockwright",
    "orm": "default",
    "workers": 1,
    "poll": 1,
    "timeout": 300,
    "retry": 600,
    "max_attempts": 3,
    "catch_up": False,
    "label": "Jobs",
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.WholeBody"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api_errors.handle",
    "PAGE_SIZE": 100,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lockwright",
    "DESCRIPTION": "Lockers, who has them, who may open them and what happened to them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("LOCKWRIGHT_HTTPS", default=False)
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SESSION_COOKIE_SECURE else "http"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOCKWRIGHT_LOG_LEVEL", "INFO")},
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Lockwright",
    "SITE_HEADER": "Lockwright",
    "SITE_SUBHEADER": "config.zones.label",
    "SITE_URL": "/map/",
    "SITE_SYMBOL": "dresser",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")},
    ],
    "SHOW_HISTORY": True,
    "COLORS": {
        # Around the accent of the product's pages.
        "primary": {
            "50": "#eefaf4",
            "100": "#d6f2e4",
            "200": "#afe4cc",
            "300": "#7bcfae",
            "400": "#4cc69b",
            "500": "#1f8f69",
            "600": "#0b6e4f",
            "700": "#095c43",
            "800": "#084a36",
            "900": "#063c2c",
            "950": "#03221a",
        },
    },
    "DASHBOARD_CALLBACK": "config.waiting.dashboard",
    "SIDEBAR": {"show_search": True, "navigation": "config.menu.sidebar"},
}
