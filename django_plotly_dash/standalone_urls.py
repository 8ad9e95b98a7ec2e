"""The URLconf of a lone script: its app at ``/``."""

from __future__ import annotations

from django.urls import include, path

from . import standalone, urls

urlpatterns = [path("", include((urls.at_root(standalone.served_app().slug), urls.app_name)))]
