"""Settings of the worker: those of the tests, with the database of the test run."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS
from tests.site_celery import SETTINGS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.site_celery"]
DATABASES["default"]["NAME"] = os.environ["DPD_TEST_DATABASE"]
PLOTLY_DASH = SETTINGS
