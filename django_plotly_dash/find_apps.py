"""The URL ``add_stateless_apps``: rows for the apps that have none, for those who use it outside of the admin."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from . import inventory

_LIST = "admin:django_plotly_dash_statelessapp_changelist"


@require_POST
@csrf_protect
def add_stateless_apps(request: HttpRequest) -> HttpResponse:
    """Make the rows, and say so in the admin's list of apps, or, where there is no admin, in plain text.

    Raises:
        PermissionDenied: the user is not of the staff, or may not add rows.
    """
    user = getattr(request, "user", None)
    if user is None or not (user.is_active and user.is_staff and user.has_perm("django_plotly_dash.add_statelessapp")):
        raise PermissionDenied
    sentences = inventory.make_rows().sentences()
    try:
        url = reverse(_LIST)
    except NoReverseMatch:
        return HttpResponse("\n".join(sentence for _, sentence in sentences), content_type="text/plain; charset=utf-8")
    for level, sentence in sentences:
        messages.add_message(request, level, sentence, fail_silently=True)
    return HttpResponseRedirect(url)
