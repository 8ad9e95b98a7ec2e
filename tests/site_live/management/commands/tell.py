"""A command that sends to a pipe."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from django_plotly_dash.consumers import send_to_pipe_channel


class Command(BaseCommand):
    help = "Send a headline."
    requires_system_checks = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("value")

    def handle(self, *args: Any, value: str, **options: Any) -> None:
        send_to_pipe_channel("news", "headline", value)
