"""``manage.py dash_apps``: the apps of this site, as a table or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_plotly_dash.inventory import AppInfo, every_app

_HEADERS = ("NAME", "MODULE", "URL", "CALLBACKS", "BACKGROUND", "INSTANCES")
_NUMBERS = (3, 4, 5)


class Command(BaseCommand):
    """Lists apps by name. Works before ``migrate``: then nobody knows how many instances there are."""

    help = "List the Dash apps of this site: name, module, URLs, callbacks, those in the background, saved instances."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """``--format``, a table by default."""
        parser.add_argument("--format", choices=["table", "json"], default="table", help="default: table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the list to stdout."""
        apps = every_app()
        if options["format"] == "json":
            self.stdout.write(json.dumps([asdict(info) for info in apps], indent=2))
        elif apps:
            self._write_table([_HEADERS, *(line for info in apps for line in _lines(info))])
        else:
            self.stdout.write(
                "No apps were found. They are looked for in the module dash_apps of each installed app, and made where "
                "your URLconf imports them."
            )

    def _write_table(self, rows: list[tuple[str, ...]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [
                cell.rjust(width) if number in _NUMBERS else cell.ljust(width)
                for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            self.stdout.write("  ".join(cells).rstrip())


def _lines(info: AppInfo) -> list[tuple[str, ...]]:
    """One line for each URL; what is not the URL's stands in the first."""
    module = "no module makes it" if info.module is None else info.module
    instances = "unknown" if info.instances is None else str(info.instances)
    first, *others = info.urls or ("-",)
    numbers = (str(info.callbacks), str(info.background), instances)
    return [(info.name, module, first, *numbers), *(("", "", url, "", "", "") for url in others)]
