"""The demo's pages, the apps below /dash/, and the admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("dash/", include("django_plotly_dash.urls")),
    path("", include("dashboards.urls")),
]
