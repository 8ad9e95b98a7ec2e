"""Pages with apps in frames and without, logging in and out, and what runs in the server."""

from __future__ import annotations

import json

from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from .dash_apps import running


def page(request: HttpRequest) -> HttpResponse:
    """Three apps in frames."""
    return render(request, "websockets.html")


def direct(request: HttpRequest) -> HttpResponse:
    """Apps without frames, one of them twice, and one in a frame; none at all with ``?empty``."""
    return render(request, "websockets_direct.html", {"is_empty": "empty" in request.GET})


def fragment(request: HttpRequest) -> HttpResponse:
    """An app without a frame, to be put into a page."""
    return render(request, "websockets_fragment.html", {"name": request.GET["app"]})


def enter(request: HttpRequest) -> HttpResponse:
    """Log the visitor in."""
    login(request, User.objects.get_or_create(username="ada")[0], "django.contrib.auth.backends.ModelBackend")
    return HttpResponse("in")


def leave(request: HttpRequest) -> HttpResponse:
    """Log the visitor out."""
    logout(request)
    return HttpResponse("out")


def callbacks(request: HttpRequest) -> HttpResponse:
    """Callbacks that stream in this process."""
    return HttpResponse(json.dumps(running))


urlpatterns = [
    path("page/", page),
    path("direct/", direct),
    path("fragment/", fragment),
    path("in/", enter),
    path("out/", leave),
    path("running/", callbacks),
    path("dash/", include("django_plotly_dash.urls")),
]
