"""URLs of the site that the tests run: our URLs, and pages that embed apps."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def frames(request: HttpRequest) -> HttpResponse:
    """A page with two apps in frames."""
    return render(request, "frames.html")


urlpatterns = [
    path("frames/", frames),
    path("dash/", include("django_plotly_dash.urls")),
]
