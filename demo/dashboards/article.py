"""An article of a site that shows its drafts, as content systems do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import RequestFactory
from django.views.decorators.clickjacking import xframe_options_sameorigin


@xframe_options_sameorigin
def preview(request: HttpRequest) -> HttpResponse:
    """The article as it would be, for a request that no middleware has
    seen: without a session, a user, or a CSRF token."""
    made = RequestFactory().get("/article/")
    return render(
        made,
        "dashboards/article.html",
        {
            "headline": request.GET.get("headline", ""),
            "params": {"measure": "lifeExp"},
        },
    )
