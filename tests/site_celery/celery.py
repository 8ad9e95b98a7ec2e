"""The Celery app and the managers, as a user would write them."""

from __future__ import annotations

import os

from celery import Celery
from dash import CeleryManager

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.site_celery.settings")

app = Celery("tests.site_celery")
app.conf.broker_url = app.conf.result_backend = os.environ["DPD_TEST_REDIS"]
app.conf.result_backend_thread_safe = True
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False

manager = CeleryManager(app)
caching = CeleryManager(app, cache_by=[lambda: "release 1"])
