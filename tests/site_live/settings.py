"""Settings of those servers; the environment says which channel layer they have."""

from __future__ import annotations

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.site_live"]
ROOT_URLCONF = "tests.site_live.urls"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CHANNEL_LAYERS = json.loads(os.environ["DPD_TEST_LAYERS"])
PLOTLY_DASH = {
    "pipe_access": "tests.site_live.urls.not_secret",
    "http_poke_token": "the token",
    # A server for WSGI has no websockets; another one beside it may answer them.
    "websocket_callbacks": True if os.environ.get("DPD_TEST_SPLIT") else None,
}
