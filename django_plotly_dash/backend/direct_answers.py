"""What an app without a frame asks its own URLs for: its configuration, and the scripts that its own page has inline.

They are asked for below the app's own path, so what guards the app guards them. And nothing that belongs to one
visitor needs to stand in the page, which may be kept in a cache.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers

from .. import context, csrf, own_files
from ..conf import app_settings
from . import direct_files, websocket
from .component_files import YEAR_IN_SECONDS
from .response import json_response, make_response

if TYPE_CHECKING:
    from ..djangodash import DjangoDash

FOLDER = "_dpd/"
CONFIG, FUNCTIONS, LAUNCHER = FOLDER + "config", FOLDER + "functions.js", FOLDER + "launcher.js"
PATHS = frozenset({CONFIG, FUNCTIONS, LAUNCHER})
# Tells our script that a response is one of these, and not a file that somebody has put on the site.
MARK = ("X-Django-Plotly-Dash", "config")
_USUAL_RENDERER = "var renderer = new DashRenderer();"


def config(app: DjangoDash) -> HttpResponse:
    """The renderer's configuration, the files that the app needs, and the CSRF token, for the visitor who asks."""
    request = context.require().request
    if websocket.is_used_by(app):
        websocket.prepare_page(app, request)
    values = app._config()
    values["update_title"] = None  # the title is the host page's
    answer = {"config": values, "pages": bool(app.use_pages), **_files(app)}
    if "websocket" in values:
        answer["sockets"] = own_files.url(own_files.DIRECT_SOCKETS, request)
    response = json_response(answer)
    response.headers[MARK[0]] = MARK[1]
    csrf.hand_over_token(request, response)
    add_never_cache_headers(response)
    return response


def _files(app: DjangoDash) -> dict[str, Any]:
    base, scripts = direct_files.files_prefix(), direct_files.scripts(app)
    functions, launcher = functions_key(app), launcher_key(app)
    if functions:
        scripts.append({"src": f"{base}{FUNCTIONS}?v={functions}", "key": functions, "optional": True})
    if launcher:
        scripts.append({"src": f"{base}{LAUNCHER}?v={launcher}", "key": launcher})
    return {"scripts": scripts, "styles": direct_files.styles(app), "launcher": launcher}


def functions(app: DjangoDash) -> HttpResponse:
    """The inline clientside functions as a file, which needs no nonce."""
    return _script("\n".join(f"{script.rstrip().rstrip(';')};" for script in app._inline_scripts))


def launcher(app: DjangoDash) -> HttpResponse:
    """What the app has put in the place of Dash's line that starts the renderer, as a function."""
    return _script(f'djangoPlotlyDash.launcher("{launcher_key(app)}", () => {{\n{app.renderer}\n}});')


def functions_key(app: DjangoDash) -> str | None:
    """A hash of the inline functions; None if there are none."""
    return _hash("".join(app._inline_scripts)) if app._inline_scripts else None


def launcher_key(app: DjangoDash) -> str | None:
    """A hash of the line that starts the renderer; None if it is the usual one."""
    return None if app.renderer == _USUAL_RENDERER else _hash(app.renderer)


def _script(text: str) -> HttpResponse:
    response = make_response(text, content_type="text/javascript; charset=utf-8")
    if context.require().request.GET.get("v"):
        whose = "private" if app_settings().view_decorator else "public"
        response.headers["Cache-Control"] = f"{whose}, max-age={YEAR_IN_SECONDS}, immutable"
    return response


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
