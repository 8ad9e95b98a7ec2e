"""Settings of a site whose database is named in the environment variable ``STATE_DATABASE``, as JSON."""

from __future__ import annotations

import json
import os

import pymysql

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as ALL_APPS
from tests.settings import MIDDLEWARE as ALL_MIDDLEWARE

# Django asks for the version of mysqlclient, in whose place this stands.
pymysql.version_info = (2, 2, 8, "final", 0)
pymysql.install_as_MySQLdb()

INSTALLED_APPS = [
    "tests.site_state" if name == "tests.site" else name
    for name in ALL_APPS
    if name not in ("django.contrib.admin", "django.contrib.messages")
]
if os.environ.get("WITHOUT_USERS"):
    INSTALLED_APPS = ["django_plotly_dash", "tests.site_state"]
MIDDLEWARE = [name for name in ALL_MIDDLEWARE if ".messages." not in name and ".auth." not in name]
TEMPLATES = []
ROOT_URLCONF = "tests.site_state.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
DATABASES = {"default": json.loads(os.environ["STATE_DATABASE"])}
