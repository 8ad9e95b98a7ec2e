"""A page that hands values to an app, for tests: what it hands over is in ``given`` when it is asked for."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.test import Client
from django.urls import include, path

TAG = Template(
    "{% load plotly_dash %}{% plotly_app name=name slug=slug height='400px' initial_arguments=arguments params=params "
    "share=share %}"
)
given: dict[str, Any] = {}


def page(request: HttpRequest) -> HttpResponse:
    """The page."""
    return HttpResponse(TAG.render(RequestContext(request, {"share": False, **given})))


def enter(request: HttpRequest, name: str) -> HttpResponse:
    """Log a user in, who is made if need be."""
    login(request, User.objects.get_or_create(username=name)[0], "django.contrib.auth.backends.ModelBackend")
    return HttpResponse(name)


def leave(request: HttpRequest) -> HttpResponse:
    """Log out."""
    logout(request)
    return HttpResponse()


urlpatterns = [
    path("page/", page),
    path("enter/<name>/", enter),
    path("leave/", leave),
    path("dash/", include("django_plotly_dash.urls")),
]


def url_on_page(client: Client, name: str = "", arguments: Any = None, params: Any = None, **more: Any) -> str:
    """The URL of the frame on the page, for this visitor."""
    given.clear()
    given.update({"name": name, "slug": None, "arguments": arguments, "params": params, **more})
    response = client.get("/page/")
    found = re.search(r'<iframe src="([^"]+)"', response.content.decode())
    assert found
    return unescape(found[1])


def layout_at(client: Client, url: str) -> dict[str, dict[str, Any]]:
    """Component id -> properties of the layout that is served there."""
    response = client.get(f"{url}_dash-layout")
    assert response.status_code == 200, (response.status_code, response.content)
    found: dict[str, dict[str, Any]] = {}

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            props = node.get("props", {})
            if "id" in props:
                ident = props["id"]
                found[ident if isinstance(ident, str) else json.dumps(ident, sort_keys=True)] = props
            for value in [*props.values(), *node.values()]:
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(json.loads(response.content))
    return found
