"""Where our files are among the site's static files, and their URLs there.

With our finders in ``STATICFILES_FINDERS``, ``collectstatic`` collects bundles and assets, and whatever serves the
site's static files serves them too. What has not been collected has no URL here; the app itself serves it then.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from . import component_libraries
from .conf import app_settings, has_settings

logger = logging.getLogger("django_plotly_dash")

# Not below the folder that Dash uses: its scripts would look for their chunks under other names there.
BUNDLES_ROOT = "dpd/components"
NOT_FOR_BROWSERS = ("*.py", "*.pyc", "__pycache__")

_FINDERS = "django_plotly_dash.finders"
# Names that have been found, and that have not; a process is started anew when files are collected anew.
_there: set[str] = set()
_missing: set[str] = set()
# Package and path -> name among the static files; to look at the disk for each link would make pages slow.
_bundles: dict[tuple[str, str], str] = {}


def bundle_url(package: str, path: str) -> str | None:
    """The static URL of a file of a component library; None if it is not among the static files.

    Args:
        package: the library's package.
        path: path in the package, without a fingerprint.
    """
    if not finds_bundles() or keeps_hashed_names_only():
        return None
    name = _bundles.get((package, path))
    if name is None:
        if path not in component_libraries.for_production().get(package, ()):
            return None
        name = _bundles[package, path] = f"{bundles_root(package)}/{path}"
    return _url(name)


def asset_url(folder: str, path: str) -> str | None:
    """The static URL of an asset; None if it is not among the static files.

    Args:
        folder: the assets folder.
        path: path in it.
    """
    path = path.lstrip("/")
    if not path or path.endswith("/") or not is_collected(folder):
        return None
    return _url(f"{assets_root(folder)}/{path}") if is_asset(path) else None


def bundles_root(package: str) -> str:
    """Below which path among the static files a library's files are: its fingerprint is in it, so that those of
    another version have other URLs."""
    return f"{BUNDLES_ROOT}/{package}/{component_libraries.fingerprint(package)}"


def assets_root(folder: str) -> str:
    """Below which path among the static files an assets folder is: one for each folder, whoever uses it, and the same
    on machines where the project lies elsewhere."""
    return _assets_root(os.path.abspath(folder), app_settings().static_asset_root.strip("/"))


@cache
def _assets_root(folder: str, root: str) -> str:
    place = f"{os.path.basename(folder)}-{sha256(folder.encode()).hexdigest()[:8]}"
    for config in sorted(apps.get_app_configs(), key=lambda config: -len(config.path)):
        if _is_below(folder, config.path):
            place = f"{config.name.replace('.', '/')}/{Path(folder).relative_to(config.path).as_posix()}"
            break
    else:
        base = getattr(settings, "BASE_DIR", None)
        if base and _is_below(folder, base):
            place = Path(folder).relative_to(os.path.abspath(base)).as_posix()
    return f"{root}/{place}".removesuffix("/.").strip("/")


def is_asset(path: str) -> bool:
    """Whether browsers may have a file of an assets folder that has this path: no hidden one, and no Python file."""
    parts, path = Path(path).parts, path.lower()
    return not (path.endswith((".py", ".pyc")) or "__pycache__" in parts or any(p.startswith(".") for p in parts))


def collects_assets() -> bool:
    """Whether there is a finder of assets. This can be asked at any time."""
    return has_settings() and any(name.startswith(f"{_FINDERS}.") for name in settings.STATICFILES_FINDERS)


def is_collected(folder: str) -> bool:
    """Whether one of the finders collects an assets folder of an app."""
    return finds_assets_of_apps() or (_in_use("DashAppDirectoryFinder") and folder in folders_of_django_apps())


def folders_of_django_apps() -> list[str]:
    """The folders ``assets`` of the installed Django apps."""
    folders = [os.path.join(config.path, "assets") for config in apps.get_app_configs()]
    return [folder for folder in folders if os.path.isdir(folder)]


def finds_bundles() -> bool:
    """Whether pages are to load bundles as static files."""
    return _in_use("DashComponentFinder")


def finds_assets_of_apps() -> bool:
    """Whether the assets folders of all apps are collected."""
    return _in_use("DashAssetFinder")


def missing_bundles() -> list[str]:
    """Names of the bundles that are certain not to have been collected."""
    names = [
        f"{bundles_root(package)}/{path}"
        for package, paths in component_libraries.for_production().items()
        for path in paths
    ]
    return [name for name in names if _why_missing(name)]


def _url(name: str) -> str | None:
    if name in _missing:
        return None
    reason = _why_missing(name)
    if not reason:
        return str(_storage().url(name))
    if not _missing:  # once; whoever has forgotten one file has forgotten them all
        logger.warning(
            "The apps serve their files themselves, since %r has not been collected: %s. Run manage.py collectstatic.",
            name,
            reason,
        )
    _missing.add(name)
    return None


def _why_missing(name: str) -> str:
    """Why it is certain that the file is not where ``collectstatic`` would have put it; else nothing."""
    from django.contrib.staticfiles.storage import ManifestFilesMixin, StaticFilesStorage

    if name in _there:
        return ""
    storage = _storage()
    reason = f"it is not in STATIC_ROOT, which is {settings.STATIC_ROOT!r}"
    try:
        storage.url(name)
        # Under DEBUG finders serve it; a storage that is far away is not asked, nor is a folder of another machine.
        is_asked = (
            not settings.DEBUG
            and isinstance(storage, StaticFilesStorage)
            and not isinstance(storage, ManifestFilesMixin)
        )
        if not is_asked or (settings.STATIC_ROOT and (not os.path.isdir(storage.location) or storage.exists(name))):
            reason = ""
    except SuspiciousFileOperation:
        pass
    except (ValueError, ImproperlyConfigured) as error:  # a manifest without the file, or no place for one
        reason = str(error)
    if not reason:
        _there.add(name)
    return reason


def _storage() -> Any:
    # Imported here, since a site without staticfiles does not need to have its settings.
    from django.contrib.staticfiles.storage import staticfiles_storage

    return staticfiles_storage


def keeps_hashed_names_only() -> bool:
    """WhiteNoise can remove the files under their plain names, under which scripts ask for their chunks."""
    return bool(getattr(settings, "WHITENOISE_KEEP_ONLY_HASHED_FILES", False)) and not settings.DEBUG


@cache
def _in_use(finder: str) -> bool:
    wanted = f"{_FINDERS}.{finder}"
    if not apps.is_installed("django.contrib.staticfiles"):
        return False
    return any(
        name == wanted
        or any(f"{kind.__module__}.{kind.__qualname__}" == wanted for kind in import_string(name).__mro__)
        for name in settings.STATICFILES_FINDERS
    )


def _is_below(folder: str, base: str | os.PathLike[str]) -> bool:
    return Path(folder).is_relative_to(os.path.abspath(base))


def _forget(*, setting: str, **_: Any) -> None:
    if setting in ("DEBUG", "INSTALLED_APPS", "BASE_DIR") or setting.startswith(("STATIC", "STORAGES")):
        _missing.clear()
        _there.clear()
        _bundles.clear()
        _in_use.cache_clear()
        _assets_root.cache_clear()


setting_changed.connect(_forget)
