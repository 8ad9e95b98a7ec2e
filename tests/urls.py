"""URLs of the site that the tests run: our URLs, and pages that embed apps."""

from pathlib import Path

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.static import serve

import django_plotly_dash

STATIC = Path(django_plotly_dash.__file__).parent / "static" / "django_plotly_dash"


def show(request: HttpRequest, template: str) -> HttpResponse:
    """The page of that template."""
    return render(request, f"{template}.html")


urlpatterns = [
    path("frames/", show, {"template": "frames"}),
    path("pages/<slug:template>/", show),
    path("login/", LoginView.as_view(template_name="login.html", next_page="/frames/")),
    path("admin/", admin.site.urls),
    # The admin's own files and ours, as staticfiles would serve them
    path("static/admin/<path:path>", serve, {"document_root": Path(admin.__file__).parent / "static" / "admin"}),
    path("static/django_plotly_dash/<path:path>", serve, {"document_root": STATIC}),
    path("dash/", include("django_plotly_dash.urls")),
]
