"""WSGI entry: plain HTTP on worker processes, beside a small ASGI process for the websockets."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from config import body_limit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
application = body_limit.wsgi(get_wsgi_application())
