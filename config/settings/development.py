"""What `make demo` runs with: the shared settings, static files straight from their folders."""

from __future__ import annotations

from config.settings.base import *  # noqa: F403  (Django settings are assembled this way)

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Static files come straight from their folders; nothing is collected.
STATIC_ROOT = None
