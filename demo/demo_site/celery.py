"""Celery: its worker runs beside the demo if REDIS_URL names a Redis."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_site.settings")

app = Celery("demo_site")
app.conf.broker_url = os.environ.get("REDIS_URL", "memory://")
app.conf.task_default_queue = "django_plotly_dash.demo"
app.conf.broker_connection_retry_on_startup = True
app.conf.task_ignore_result = True
app.set_default()
