"""Settings of those servers; the environment says where their database is."""

from __future__ import annotations

import json
import os

from csp.constants import NONCE

from tests.site_live.settings import *  # noqa: F403
from tests.site_live.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "tests.site_websockets"]
ROOT_URLCONF = "tests.site_websockets.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DPD_TEST_DATABASE"],
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
PLOTLY_DASH = {"websocket_recheck_seconds": 1, "pipe_access": "tests.site_live.urls.not_secret"}
DEBUG = bool(os.environ.get("DPD_TEST_DEBUG"))
if os.environ.get("DPD_TEST_POLICY"):
    # That of docs/csp, by django-csp, which all versions of Django can have.
    MIDDLEWARE = ["csp.middleware.CSPMiddleware", *MIDDLEWARE]
    CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "script-src": ["'self'", NONCE],
            "style-src-elem": ["'self'", "'unsafe-inline'"],
            "style-src-attr": ["'none'"],
            "img-src": ["'self'", "data:", "blob:"],
            "font-src": ["'self'", "data:"],
            **json.loads(os.environ["DPD_TEST_POLICY"]),
        }
    }
