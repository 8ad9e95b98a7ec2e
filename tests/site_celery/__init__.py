"""A site whose background callbacks run in a Celery worker."""

from __future__ import annotations

SETTINGS = {
    "background_callback_lease": 3,
    "background_callback_queue_timeout": 3,
    "background_callback_manager": "tests.site_celery.celery.manager",
}
