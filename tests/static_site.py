"""Settings of sites that let something else than Python serve their static files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.storage import storages
from django.core.management import call_command

FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "django_plotly_dash.finders.DashAssetFinder",
    "django_plotly_dash.finders.DashComponentFinder",
    "django_plotly_dash.finders.DashAppDirectoryFinder",
]
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
WHITENOISE = "whitenoise.storage.CompressedManifestStaticFilesStorage"


def use_static_files(settings: Any, root: Path | None, storage: str = PLAIN, **options: Any) -> None:
    """Configure staticfiles with our finders for the length of a test."""
    others = [name for name in settings.INSTALLED_APPS if name != "django.contrib.staticfiles"]
    settings.INSTALLED_APPS = [*others, "django.contrib.staticfiles"]
    settings.STATICFILES_FINDERS = FINDERS
    settings.STATIC_ROOT = root
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": storage, "OPTIONS": options},
    }


def collect() -> set[str]:
    """Run ``collectstatic``; gives the names of all files in its folder."""
    call_command("collectstatic", verbosity=0, interactive=False)
    root = Path(storages["staticfiles"].location)  # type: ignore[attr-defined]
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
