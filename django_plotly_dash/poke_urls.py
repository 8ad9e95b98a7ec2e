"""The address at which messages for pipes are posted: ``path("", include("django_plotly_dash.poke_urls"))``.

``django_plotly_dash.routing.application`` has it by itself; under WSGI, and with an ``asgi.py`` of your own, include it
at the root of the site.
"""

from __future__ import annotations

from . import poke, setting_routes

urlpatterns = [setting_routes.pattern(setting_routes.poke_route, poke.poke)]
