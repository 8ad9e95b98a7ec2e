"""A site that has mounted the apps twice."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("dash/", include("django_plotly_dash.urls")),
    path("other/", include("django_plotly_dash.urls", namespace="other")),
]
