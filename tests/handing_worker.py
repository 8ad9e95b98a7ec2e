"""A process that serves the page of ``handing_over`` and its app, as one of several workers of a site.

Arguments: settings, and what the page hands over, both as JSON. It prints its address.
"""

from __future__ import annotations

import json
import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def main(changed: str, given: str) -> None:
    """Serve until the process is ended."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    for name, value in json.loads(changed).items():
        setattr(settings, name, value)
    settings.ROOT_URLCONF = "tests.handing_over"
    django.setup()
    from dash import Input, Output, dcc, html
    from django.core.wsgi import get_wsgi_application

    from django_plotly_dash import DjangoDash
    from tests import handing_over

    app = DjangoDash("Handed")
    app.layout = html.Div([dcc.Input(id="text", value="default"), html.P(id="out")])
    app.callback(Output("out", "children"), Input("text", "value"))(lambda text, params: f"{text} {params['year']}")
    handing_over.given.update(json.loads(given))
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
