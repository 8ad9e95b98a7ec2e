"""Settings of those servers; the environment says where their database is."""

from __future__ import annotations

import os

from tests.site_live.settings import *  # noqa: F403
from tests.site_live.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.site_websockets"]
ROOT_URLCONF = "tests.site_websockets.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DPD_TEST_DATABASE"],
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
PLOTLY_DASH = {"websocket_recheck_seconds": 1}
DEBUG = bool(os.environ.get("DPD_TEST_DEBUG"))
