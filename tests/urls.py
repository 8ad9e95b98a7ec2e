"""URLs of the site that the tests run: our URLs, and pages that embed apps."""

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def show(request: HttpRequest, template: str) -> HttpResponse:
    """The page of that template."""
    return render(request, f"{template}.html")


urlpatterns = [
    path("frames/", show, {"template": "frames"}),
    path("pages/<slug:template>/", show),
    path("login/", LoginView.as_view(template_name="login.html", next_page="/frames/")),
    path("dash/", include("django_plotly_dash.urls")),
]
