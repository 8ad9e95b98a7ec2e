"""The demo's pages, and the apps below /dash/."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("dash/", include("django_plotly_dash.urls")),
    path("", include("dashboards.urls")),
]
