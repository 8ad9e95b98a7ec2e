"""The index, one page per demo, and the login."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from . import article, views

login_view = LoginView.as_view(
    template_name="dashboards/login.html",
    extra_context={"demos": views.DEMOS},
)

urlpatterns = [
    path("", views.index, name="index"),
    path("login/", login_view, name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("session/", views.session, name="session"),
    path("handed/", views.handed, name="handed"),
    path("strict/", views.strict, name="strict"),
    path("jinja2/", views.jinja2, name="jinja2"),
    path("article/preview/", article.preview, name="preview"),
    path("<slug:slug>/", views.demo, name="demo"),
    path("<slug:slug>/fragment/", views.fragment, name="fragment"),
]
