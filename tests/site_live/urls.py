"""Pages with pipes, and a view that sends to them."""

from __future__ import annotations

import os
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from django_plotly_dash.consumers import send_to_pipe_channel


def not_secret(user: Any, channel_name: str, label: str, action: str, scope: Any) -> bool:
    """All may listen to what is no secret, and send to what is meant for that."""
    return channel_name != "secret" if action == "subscribe" else channel_name == "open"


def page(request: HttpRequest) -> HttpResponse:
    """Two apps in frames, and the tag."""
    return render(request, "live.html")


def direct(request: HttpRequest) -> HttpResponse:
    """The same apps without frames, one more in a frame, and the tag."""
    return render(request, "live_direct.html")


def send(request: HttpRequest) -> HttpResponse:
    """Send what the query says; answer with the process."""
    send_to_pipe_channel("news", "headline", request.GET["value"])
    return HttpResponse(str(os.getpid()))


urlpatterns = [
    path("page/", page),
    path("direct/", direct),
    path("send/", send),
    path("dash/", include("django_plotly_dash.urls")),
    path("", include("django_plotly_dash.poke_urls")),
]
