"""A page that hands values to apps without frames: its template is in ``page`` when it is asked for."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path

from .handing_over import enter, leave

page = SimpleNamespace(body="", values={})


def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    head = "<!DOCTYPE html><html lang='en'><head><title>The host's title</title></head><body>{% load plotly_dash %}"
    return HttpResponse(Template(f"{head}{page.body}</body></html>").render(RequestContext(request, page.values)))


urlpatterns = [
    path("page/", show),
    path("login/", LoginView.as_view(template_name="login.html")),
    path("enter/<name>/", enter),
    path("leave/", leave),
    path("dash/", include("django_plotly_dash.urls")),
]
