"""A URLconf in which the language is a part of every path."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from tests.urls import show

urlpatterns = i18n_patterns(
    path("pages/<slug:template>/", show),
    path("dash/", include("django_plotly_dash.urls")),
)
