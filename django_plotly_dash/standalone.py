"""``app.run()``: a lone script served by Django, without a project. Its settings live in memory, and in the memory of
workers that run its jobs."""

from __future__ import annotations

import logging
import os
import socket
import stat
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
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


def help_workers() -> None:
    """For a script with background callbacks: a Celery worker that imports it gets the settings of ``app.run()``."""
    if "celery" in sys.modules and not has_settings():
        import_module("celery.signals").worker_init.connect(_worker_begins, dispatch_uid=__name__)


def _worker_begins(**_: Any) -> None:
    set_up_worker()


def set_up_worker() -> None:
    """Set Django up in a process that runs jobs, with the settings of ``app.run()`` where there are no others."""
    if not has_settings():
        settings.configure(**_settings("localhost", debug=False))
    django.setup()


def names_elsewhere(name: str) -> list[str]:
    """Names of an app in processes that import what is run as a script here: a Celery worker has the module by its own
    name, a process that was spawned as ``__mp_main__``.

    Args:
        name: the app's name here.
    """
    if not name.startswith("__main__"):
        return []
    script = sys.modules["__main__"]
    spec, file = getattr(script, "__spec__", None), getattr(script, "__file__", None)
    modules = [spec.name if spec is not None else Path(file or name).stem, "__mp_main__"]
    return [name.replace("__main__", module, 1) for module in modules]


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
        "SECRET_KEY": os.environ.get(_KEY_VARIABLE) or _secret_key(),
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


def _secret_key() -> str:
    made = get_random_secret_key()
    os.environ[_KEY_VARIABLE] = _shared_key(made) if "celery" in sys.modules else made
    return os.environ[_KEY_VARIABLE]


def _shared_key(made: str) -> str:
    """The key that scripts of this user share with their Celery workers, which nobody else may read.

    Args:
        made: the key if there is none yet.

    Raises:
        ConfigurationError: there is no place for it.
    """
    try:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "django_plotly_dash"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "script-key"
        _refuse_others(folder)
        if not os.path.lexists(path):
            _write_first(path, made)
        _refuse_others(path)
        key = path.read_text()
        if len(key) < len(made):
            raise OSError(f"{path} is no key; remove it")
        return key
    except (OSError, RuntimeError) as error:
        raise ConfigurationError(
            f"The key that a script shares with its Celery worker cannot be kept: {error}. Set {_KEY_VARIABLE} to a "
            "long random text for both."
        ) from error


def _write_first(path: Path, text: str) -> None:
    """Write a file that is there at once and whole, unless another process has been faster."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        try:
            os.link(name, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            os.rename(name, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _refuse_others(path: Path) -> None:
    """Raise if somebody else may read or write a file or folder, or has put a link in its place."""
    found = path.lstat()
    if hasattr(os, "getuid") and (
        stat.S_ISLNK(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077
    ):
        raise PermissionError(f"{path} is not for this user alone")


def _allowed_hosts(host: str) -> list[str]:
    if host in _ALL_ADDRESSES:
        return ["*"]  # by which names this machine is known, nobody can tell
    return ["localhost", ".localhost", "127.0.0.1", "[::1]", socket.gethostname(), f"[{host}]" if ":" in host else host]
