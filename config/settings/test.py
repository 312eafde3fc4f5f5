"""Settings of the test suite: the shared ones with fixed secrets and cheap log-in hashes."""

from __future__ import annotations

import os

os.environ.setdefault("LOCKWRIGHT_SECRET_KEY", "tests-only-secret-key-tests-only-secret")
os.environ.setdefault("LOCKWRIGHT_BADGE_KEY", "tests-only-badge-key-tests-only-badge-k")
os.environ.setdefault("LOCKWRIGHT_COMBINATION_KEYS", "dGVzdHMtb25seS1jb21iaW5hdGlvbi1rZXktMTIzNDU=")
os.environ.setdefault("LOCKWRIGHT_PASS_KEYS", "dGVzdHMtb25seS1wYXNzLWtleS10ZXN0cy1vbmx5LTE=")
os.environ.setdefault("LOCKWRIGHT_BRIDGE_KEYS", "dGVzdHMtb25seS1icmlkZ2Uta2V5LXRlc3RzLW9ubHk=")
os.environ.setdefault("LOCKWRIGHT_LOGIN_BY_CODE", "1")

from config.settings.base import *  # noqa: E402, F403  (the secrets must be set before)

WHITENOISE_USE_FINDERS = True
# Staff passwords only; the PINs of people keep their real cost (access.hashing).
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Static files come straight from their folders; nothing is collected.
STATIC_ROOT = None
