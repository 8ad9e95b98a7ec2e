"""Finders for ``STATICFILES_FINDERS``: with them, ``collectstatic`` collects bundles and assets.

Apps serve their files without them too; see ``docs/static-files``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder, searched_locations
from django.contrib.staticfiles.utils import get_files, matches_patterns
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.utils._os import safe_join

from . import component_libraries, static_files
from .registry import registry

# The maps stay behind; a storage that hashes names would fail to find what such a line names.
_NAME_OF_MAP = re.compile(rb"^(//# sourceMappingURL=(?!data:).*|/\*# sourceMappingURL=(?!data:).*\*/)$", re.MULTILINE)


class _PlacedStorage(FileSystemStorage):
    """Files of a folder, and below which path ``collectstatic`` puts them."""

    def __init__(self, location: str, prefix: str) -> None:
        super().__init__(location=location)
        self.prefix = prefix


class _BundleStorage(_PlacedStorage):
    """Bundles without the names of their maps."""

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        """The file, for reading."""
        with super().open(name, mode) as file:
            return ContentFile(_NAME_OF_MAP.sub(b"", file.read()), name=name)


class _Finder(BaseFinder):
    def check(self, **kwargs: Any) -> list[Any]:
        """Nothing is configured here."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file of that name among the static files; all of them, as a list, with ``find_all``."""
        found = []
        for place in self._places(path):
            if place not in searched_locations:
                searched_locations.append(place)
            full = self._find(place, path)
            if full and not (find_all or kwargs.get("all")):
                return full
            found += [full] if full else []
        return found

    def _places(self, path: str) -> Iterator[str]:
        raise NotImplementedError

    def _find(self, place: str, path: str) -> str | None:
        raise NotImplementedError


class DashComponentFinder(_Finder):
    """Bundles of the component libraries that the apps have imported, or that ``PLOTLY_COMPONENTS`` names."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Path in its package, and storage, of each file."""
        for package, paths in component_libraries.for_production().items():
            storage = _BundleStorage(component_libraries.folder(package) or "", static_files.bundles_root(package))
            for path in paths:
                if not matches_patterns(path, ignore_patterns or ()):
                    yield path, storage

    def _places(self, path: str) -> Iterator[str]:
        package = path.removeprefix(f"{static_files.BUNDLES_ROOT}/").partition("/")[0]
        if package in component_libraries.for_production():
            yield component_libraries.folder(package) or ""

    def _find(self, place: str, path: str) -> str | None:
        package = os.path.basename(place)
        rest = path.removeprefix(f"{static_files.bundles_root(package)}/")
        return os.path.join(place, rest) if rest in component_libraries.for_production()[package] else None


class _FolderFinder(_Finder):
    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Path in its folder, and storage, of each file."""
        for folder in self._folders():
            storage = _PlacedStorage(folder, static_files.assets_root(folder))
            for path in get_files(storage, [*(ignore_patterns or ()), *static_files.NOT_FOR_BROWSERS]):
                if static_files.is_asset(path):  # with --no-default-ignore, hidden files come as well
                    yield path, storage

    def _places(self, path: str) -> Iterator[str]:
        yield from (folder for folder in self._folders() if path.startswith(f"{static_files.assets_root(folder)}/"))

    def _find(self, place: str, path: str) -> str | None:
        rest = path.removeprefix(f"{static_files.assets_root(place)}/")
        try:
            full = safe_join(place, rest)
        except SuspiciousFileOperation:
            return None
        return full if os.path.isfile(full) and static_files.is_asset(rest) else None

    def _folders(self) -> Iterable[str]:
        raise NotImplementedError


class DashAssetFinder(_FolderFinder):
    """The assets folders of all apps, each of them once."""

    def _folders(self) -> Iterable[str]:
        folders = {os.path.abspath(app.config.assets_folder) for app in registry}
        roots = {static_files.assets_root(folder): folder for folder in folders if os.path.isdir(folder)}
        # The files of a folder in another are collected with those of the other, at the same place.
        return [roots[root] for root in sorted(roots) if not any(root.startswith(f"{outer}/") for outer in roots)]


class DashAppDirectoryFinder(_FolderFinder):
    """The folders ``assets`` of the installed Django apps, also where no Dash app is known to use them, as those that
    ``stateless_loader`` makes."""

    def _folders(self) -> Iterable[str]:
        taken = DashAssetFinder()._folders() if static_files.finds_assets_of_apps() else ()
        return [folder for folder in static_files.folders_of_django_apps() if folder not in taken]
