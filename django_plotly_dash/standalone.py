"""``app.run()``: a lone script served by Django, without a project. Its settings live in memory."""

from __future__ import annotations

import logging
import os
import socket
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import django
from django.conf import ENVIRONMENT_VARIABLE, settings
from django.core.management import call_command
from django.core.management.utils import get_random_secret_key
from django.urls import clear_url_caches

from .conf import has_settings
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from .djangodash import DjangoDash

_ALL_ADDRESSES = ("0.0.0.0", "::", "[::]")  # noqa: S104 - addresses to recognise, not to listen at
# Django's reloader runs the script anew in another process; sessions are to survive that.
_KEY_VARIABLE = "DJANGO_PLOTLY_DASH_SCRIPT_KEY"
_served: list[DjangoDash] = []
_NO_NOTEBOOK = "Django serves a script, and no cell of a notebook. Open the address that is printed."
_IGNORED = {
    "proxy": "it only changes the address that Dash prints.",
    **dict.fromkeys(("jupyter_mode", "jupyter_width", "jupyter_height", "jupyter_server_url"), _NO_NOTEBOOK),
}
_ASGI_SETTINGS = {"ASGI_APPLICATION": "django_plotly_dash.routing.application"}
logger = logging.getLogger("django_plotly_dash")


def served_app() -> DjangoDash:
    """The app that ``serve`` serves.

    Raises:
        ConfigurationError: nothing is served by ``app.run()`` in this process.
    """
    if not _served:
        raise ConfigurationError(
            "django_plotly_dash.standalone_urls is for app.run() in a script; a Django project "
            "includes django_plotly_dash.urls."
        )
    return _served[-1]


def refuse_in_project(host: str, port: int) -> None:
    """Raise if Django has settings already, other than those that an earlier ``serve`` has made.

    Raises:
        ConfigurationError: it has; the message says how a project is served.
    """
    if not has_settings() or _served:
        return
    module = os.environ.get(ENVIRONMENT_VARIABLE)
    where = f"{ENVIRONMENT_VARIABLE} is {module!r}" if module else "settings.configure() was called"
    raise ConfigurationError(
        f"app.run() serves a lone script, but Django has settings here ({where}). "
        f"Serve the project instead: python manage.py runserver {host}:{port}"
    )


def address(host: str | None, port: str | int | None) -> tuple[str, int]:
    """Where to listen: the arguments, else ``HOST`` and ``PORT`` of the environment, else 127.0.0.1 and 8050.

    Raises:
        ConfigurationError: the port is not a number from 1 to 65535.
    """
    # Conda puts the name of its compiler's platform into HOST.
    host = host or (None if "CONDA_PREFIX" in os.environ else os.environ.get("HOST")) or "127.0.0.1"
    port = port or os.environ.get("PORT") or 8050
    if not str(port).isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"port is {port!r}; it has to be a number from 1 to 65535.")
    return host.strip("[]"), int(port)


def without_ignored(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``app.run()`` but those of Dash's that have no effect here; a warning says why."""
    for name in options.keys() & _IGNORED.keys():
        logger.warning("app.run(%s=...) has no effect: %s", name, _IGNORED[name])
    return {name: value for name, value in options.items() if name not in _IGNORED}


def serve(
    app: DjangoDash, host: str, port: int, *, debug: bool, reloader: bool, threaded: bool, websockets: bool = False
) -> None:
    """Serve one app at ``/`` with Django's development server until it is stopped.

    Args:
        debug: ``settings.DEBUG``.
        reloader: start anew when a file of the script changes.
        threaded: answer each request in a thread of its own.
        websockets: serve by ASGI, with daphne if it is installed; a warning says so if it is not.
    """
    _served.append(app)
    by_asgi = websockets and _has_daphne()
    if websockets and not by_asgi:
        logger.warning("Callbacks with websocket=True are answered over HTTP: pip install daphne serves them.")
    if settings.configured:
        _change_settings(host, debug=debug)
    else:
        settings.configure(**_settings(host, debug=debug), **(_ASGI_SETTINGS if by_asgi else {}))
        settings.INSTALLED_APPS = [*(["daphne"] if by_asgi else []), *settings.INSTALLED_APPS]
        django.setup()
    call_command(
        "runserver",
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        use_ipv6=":" in host,
        use_reloader=reloader,
        use_threading=threaded,
    )


def _has_daphne() -> bool:
    try:
        return find_spec("daphne") is not None
    except ValueError:  # a module that is there, and is none
        return False


def _change_settings(host: str, *, debug: bool) -> None:
    """Make the settings of the app that was served before fit this one, as tests serve one app after another."""
    settings.DEBUG = debug
    settings.ALLOWED_HOSTS = _allowed_hosts(host)
    sys.modules.pop(settings.ROOT_URLCONF, None)
    clear_url_caches()


def _settings(host: str, *, debug: bool) -> dict[str, Any]:
    return {
        "DEBUG": debug,
        "SECRET_KEY": os.environ.setdefault(_KEY_VARIABLE, get_random_secret_key()),
        "ALLOWED_HOSTS": _allowed_hosts(host),
        "ROOT_URLCONF": "django_plotly_dash.standalone_urls",
        "INSTALLED_APPS": ["django.contrib.contenttypes", "django.contrib.auth", "django_plotly_dash"],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        # There is no database: sessions are signed and live in their cookies.
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "SESSION_COOKIE_NAME": "dash_script_session",
        "CSRF_COOKIE_NAME": "dash_script_csrf",
        "USE_TZ": True,
    }


def _allowed_hosts(host: str) -> list[str]:
    if host in _ALL_ADDRESSES:
        return ["*"]  # by which names this machine is known, nobody can tell
    return ["localhost", ".localhost", "127.0.0.1", "[::1]", socket.gethostname(), f"[{host}]" if ":" in host else host]
