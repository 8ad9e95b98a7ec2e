"""``manage.py dash_state export|import``: saved instances as JSON, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from django_plotly_dash.exceptions import StateFileError
from django_plotly_dash.models import HAS_USERS, DashApp
from django_plotly_dash.state_files import Imported, exported, imported


class Command(BaseCommand):
    """Copies saved instances from one site to another, or into a file to keep."""

    help = "Write saved instances of Dash apps as JSON, or read them again."

    def add_arguments(self, parser: CommandParser) -> None:
        """The two subcommands and their options."""
        commands = parser.add_subparsers(dest="subcommand", required=True)
        export = commands.add_parser("export", help="write saved instances as JSON")
        export.add_argument("slugs", nargs="*", metavar="slug", help="slugs of instances; all of them by default")
        export.add_argument("--output", metavar="FILE", help="a file to write to, instead of stdout")
        load = commands.add_parser("import", help="make saved instances of a file: all of them, or, on any error, none")
        load.add_argument("file", help="a file that export has written, or - for stdin")
        load.add_argument("--update", action="store_true", help="replace instances that have the same slug")
        load.add_argument("--no-owners", action="store_true", help="leave out whom the instances belong to")
        load.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the subcommand says.

        Raises:
            CommandError: nothing was written; the message says what to do.
        """
        try:
            if options["subcommand"] == "export":
                self._export(options["slugs"], options["output"])
            else:
                self._import(options)
        except (DatabaseError, ImproperlyConfigured) as error:
            raise CommandError(f"The database cannot answer: {error}. Has migrate been run?") from error

    def _export(self, slugs: list[str], output: str | None) -> None:
        rows = DashApp.objects.select_related("stateless_app", *(["owner"] if HAS_USERS else [])).order_by("slug")
        if slugs:
            rows = rows.filter(slug__in=slugs)
            unknown = sorted(set(slugs) - {row.slug for row in rows})
            if unknown:
                raise CommandError(f"There is no saved instance with the slug {', '.join(map(repr, unknown))}.")
        if output is None:
            self.stdout.write(exported(rows, getattr(self.stdout, "encoding", None) or "utf-8"))
            return
        try:
            Path(output).write_text(f"{exported(rows)}\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror or error}.") from error
        self.stderr.write(f"{len(rows)} instances were written to {output}.")

    def _import(self, options: dict[str, Any]) -> None:
        name = options["file"]
        try:
            result = imported(
                _text_of(name),
                update=options["update"],
                owners=not options["no_owners"],
                dry_run=options["dry_run"],
            )
        except StateFileError as error:
            listed = "\n".join(f"- {problem}" for problem in error.problems)
            raise CommandError(f"Nothing was imported from {name}.\n{listed}") from error
        self._report(result, options["dry_run"])

    def _report(self, result: Imported, dry_run: bool) -> None:
        verb = "would be" if dry_run else "were"
        for what, slugs in (
            (f"instances {verb} made", result.made),
            (f"instances {verb} replaced", result.updated),
            (f"apps {verb} given a row", result.apps),
            ("of the instances have a state that cannot be read, and keep it", result.broken),
        ):
            if slugs or what.endswith("made"):
                self.stdout.write(f"{len(slugs)} {what}{': ' if slugs else ''}{', '.join(slugs)}.")


def _text_of(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not UTF-8: {error}.") from error
