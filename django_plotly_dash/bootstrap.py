"""Which style sheet ``add_bootstrap_links`` means: the one that the site's pages have."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings

from .conf import has_settings

if TYPE_CHECKING:
    from dash import Dash

DEFAULT = "https://cdn.jsdelivr.net/npm/bootstrap@5.3.8/dist/css/bootstrap.min.css"
_COPIES = "dpd_static_support"
# Package and, in it, the module whose css_url() gives what the site has configured.
_PACKAGES = (("django_bootstrap5", "django_bootstrap5.core"), ("bootstrap4", "bootstrap4.bootstrap"))


def stylesheet() -> str | dict[str, Any]:
    """Attributes of the link, or its URL: that of django-bootstrap5 or django-bootstrap4 if one of them is installed in
    the site, else Bootstrap 5 from a CDN."""
    for package, module in _PACKAGES:
        if _is_installed(package):
            given = import_module(module).css_url()
            if isinstance(given, str):
                return given
            if given:
                return _attributes(dict(given))
    return DEFAULT


def links(wanted: bool, *, serve_locally: bool) -> list[str | dict[str, Any]]:
    """What ``add_bootstrap_links`` adds to the external style sheets of an app."""
    return [stylesheet()] if wanted and not _takes_copy(serve_locally) else []


def add_copy(app: Dash) -> None:
    """What ``add_bootstrap_links`` adds to the own files of an app, for sites that have ``dpd_static_support``: its
    copy of Bootstrap 4, so that an app which serves its files itself needs no CDN."""
    if _takes_copy(app.config.serve_locally):
        import_module(_COPIES)
        app.css.append_css({"namespace": _COPIES, "relative_package_path": "bootstrap.min.css"})


def _takes_copy(serve_locally: bool) -> bool:
    return serve_locally and _is_installed(_COPIES) and not _is_installed("django_bootstrap5")


def _attributes(given: dict[str, Any]) -> dict[str, Any]:
    """Both packages call the address by either of two names."""
    url = given.pop("url", None)
    return {"rel": "stylesheet", "href": given.pop("href", url), **{k: v for k, v in given.items() if v}}


def _is_installed(package: str) -> bool:
    """In the settings; an app may be made before Django knows its own."""
    names = settings.INSTALLED_APPS if has_settings() else ()
    return any(name == package or name.startswith(f"{package}.") for name in names)
