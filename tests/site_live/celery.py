"""A job that reports through a pipe."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.site_live.settings")

app = Celery("tests.site_live")
app.conf.broker_url = os.environ["DPD_TEST_BROKER"]
app.conf.task_default_queue = os.environ["DPD_TEST_QUEUE"]
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False


@app.task
def report(steps: int) -> None:
    from django_plotly_dash.consumers import send_to_pipe_channel

    for step in range(steps):
        send_to_pipe_channel("news", "headline", f"step {step}")
