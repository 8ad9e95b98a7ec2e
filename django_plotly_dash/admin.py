"""The admin's pages of apps and saved instances. Django's admin imports this; nothing else does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from . import embedding, inventory, prefix, state_text
from .admin_forms import DashAppForm, trouble
from .exceptions import BrokenStateError, DjangoPlotlyDashError
from .lookup import Found
from .models import DashApp, StatelessApp

logger = logging.getLogger("django_plotly_dash")
_NAMES_IN_A_MESSAGE = 20
_PREVIEW_HEIGHT = "520"
if TYPE_CHECKING:
    _DashAppAdmin = admin.ModelAdmin[DashApp]
    _StatelessAppAdmin = admin.ModelAdmin[StatelessApp]
else:  # Django's class takes no parameter when it runs
    _DashAppAdmin = _StatelessAppAdmin = admin.ModelAdmin
_CSS = {"all": ["django_plotly_dash/admin.css"]}


@admin.register(DashApp)
class DashAppAdmin(_DashAppAdmin):
    """Saved instances: their state as text, a preview, and what can be done with several at once."""

    form = DashAppForm
    list_display = ("instance_name", "app", "page", "owner", "saves", "state", "update")
    list_filter = ("stateless_app", ("owner", admin.RelatedOnlyFieldListFilter), "save_on_change", "update")
    list_select_related = ("stateless_app", "owner")
    list_per_page = 50
    ordering = ("instance_name",)
    raw_id_fields = ("owner",)
    readonly_fields = ("creation", "update", "state_shown")
    actions = ("populate", "reset", "clone")

    class Media:
        css = _CSS

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Names and slugs, the app's name, the owner's."""
        owner = f"owner__{get_user_model().USERNAME_FIELD}"
        return ("instance_name", "slug", "stateless_app__app_name", owner)

    def get_fieldsets(self, request: HttpRequest, obj: DashApp | None = None) -> Any:
        """As text to change for those who may change it, else as text to read."""
        may_write = obj is None or self.has_change_permission(request, obj)
        about = ["stateless_app", "instance_name", "slug", "owner", "save_on_change"]
        times = [] if obj is None else [("creation", "update")]
        return [(None, {"fields": [*about, "base_state" if may_write else "state_shown", *times]})]

    def save_model(self, request: HttpRequest, obj: DashApp, form: Any, change: bool) -> None:
        """Write what was changed in the form and nothing else: a callback may have saved a state since."""
        if not change:
            obj.save()
        elif form.changed_data:
            obj.save(update_fields=[*form.changed_data, "update"])

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: DashApp | None = None,
    ) -> HttpResponse:
        """With a preview of the row as it is saved, whatever the form holds."""
        context["preview"] = _preview(request, obj.pk) if obj is not None and obj.pk else None
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response

    @admin.display(description="State")
    def state(self, row: DashApp) -> str:
        """How much there is, or that it cannot be read."""
        if row.state_error:
            return format_html('<span class="dpd-problem" title="{}">{}</span>', row.state_error, "unreadable")
        return _count(_values(row), "value")

    @admin.display(description="State")
    def state_shown(self, row: DashApp) -> str:
        """All of it, for those who may not change it."""
        problem = trouble(row)
        return format_html(
            '{}<pre class="dpd-state-shown">{}</pre>',
            format_html('<p class="dpd-problem">{}</p>', problem) if problem else "",
            state_text.indented(row.base_state),
        )

    @admin.display(description="App", ordering="stateless_app__app_name")
    def app(self, row: DashApp) -> str:
        """Of which app it is an instance."""
        return str(row.stateless_app)

    @admin.display(description="Saves", boolean=True, ordering="save_on_change")
    def saves(self, row: DashApp) -> bool:
        """Whether it saves on change."""
        return row.save_on_change

    @admin.display(description="Slug", ordering="slug")
    def page(self, row: DashApp) -> str:
        """The slug, and a link that opens the instance's page."""
        try:
            return format_html('<a href="{}" title="Open the page">{}</a>', row.url, row.slug)
        except NoReverseMatch:
            return row.slug

    @admin.action(description="Populate with what the layout has", permissions=["change"])
    def populate(self, request: HttpRequest, queryset: QuerySet[DashApp]) -> None:
        """Add what the layout has to the state; values that are there stay."""
        self._do(request, queryset, DashApp.populate_values, "populated")

    @admin.action(description="Reset to the layout's own values", permissions=["change"])
    def reset(self, request: HttpRequest, queryset: QuerySet[DashApp]) -> None:
        """Begin anew with what the layout shows."""
        self._do(request, queryset, DashApp.reset, "reset")

    @admin.action(description="Clone, with a new name and slug", permissions=["add"])
    def clone(self, request: HttpRequest, queryset: QuerySet[DashApp]) -> None:
        """Copies get names and slugs of their own, and belong to who makes them; an instance whose state cannot be
        read is not copied."""
        self._do(request, queryset, partial(_clone, owner=request.user), "cloned")

    def _do(self, request: HttpRequest, rows: Iterable[DashApp], act: Callable[[DashApp], Any], done: str) -> None:
        """Do it to each row by itself; what was done and what failed is said in messages and in the rows' history."""
        succeeded: list[str] = []
        for row in rows:
            allowed = done == "cloned" or self.has_change_permission(request, row)
            problem, made = _attempt(row, act) if allowed else ("you have no permission to change it.", None)
            if problem:
                self.message_user(request, f"{row} was not {done}: {problem}", messages.ERROR)
            elif isinstance(made, DashApp):
                succeeded.append(f"{row} as {made}")
                self.log_addition(request, made, f"Cloned from {row}.")
            else:
                succeeded.append(f"{row} ({_count(_values(row), 'value')})")
                self.log_change(request, row, f"{done.capitalize()} from the layout.")
        if succeeded:
            self.message_user(
                request, f"{_count(len(succeeded), 'instance')} {done}: {_listed(succeeded)}.", messages.SUCCESS
            )


@admin.register(StatelessApp)
class StatelessAppAdmin(_StatelessAppAdmin):
    """Apps that instances are made of, beside what is known of the app itself."""

    list_display = ("app_name", "slug", "is_here", "module", "pages", "callbacks", "instances")
    search_fields = ("app_name", "slug")
    ordering = ("app_name",)
    readonly_fields = ("is_here", "module", "pages", "callbacks", "instances")
    actions = ("check_apps",)

    class Media:
        css = _CSS

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatelessApp]:
        """With the number of instances."""
        rows: QuerySet[StatelessApp] = super().get_queryset(request)
        return rows.annotate(number=Count("dashapp"))

    def get_fields(self, request: HttpRequest, obj: StatelessApp | None = None) -> Any:
        """Nothing is known of an app that is still to be named."""
        return ["app_name", "slug", *(self.readonly_fields if obj is not None else ())]

    def get_urls(self) -> list[URLPattern]:
        """And that of the button."""
        view = self.admin_site.admin_view(self.find_apps)
        name = "django_plotly_dash_statelessapp_find_apps"
        return [path("find-apps/", view, name=name), *super().get_urls()]

    def find_apps(self, request: HttpRequest) -> HttpResponse:
        """Make a row for each app that has none; a POST, of those who may add rows."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        for level, sentence in inventory.make_rows().sentences():
            self.message_user(request, sentence, level)
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:django_plotly_dash_statelessapp_changelist"))

    @admin.display(description="Is here", boolean=True)
    def is_here(self, row: StatelessApp) -> bool:
        """Whether a module of this site makes the app."""
        return _info(row).module is not None

    @admin.display(description="Module")
    def module(self, row: StatelessApp) -> str:
        """The module that makes it."""
        return _info(row).module or "-"

    @admin.display(description="URL")
    def pages(self, row: StatelessApp) -> str:
        """Where it answers; links, if they can be told without knowing more."""
        urls = ((format_html('<a href="{}">{}</a>', u, u) if "<" not in u else u,) for u in _info(row).urls)
        return format_html_join(" ", "{}", urls) or "-"

    @admin.display(description="Callbacks")
    def callbacks(self, row: StatelessApp) -> str:
        """How many, and how many of these run in the background."""
        info = _info(row)
        background = f", {info.background} in the background" if info.background else ""
        return f"{info.callbacks}{background}" if info.module else "-"

    @admin.display(description="Instances", ordering="number")
    def instances(self, row: StatelessApp) -> str:
        """How many are saved, with a link to them."""
        number = getattr(row, "number", 0)
        url = reverse(f"{self.admin_site.name}:django_plotly_dash_dashapp_changelist")
        return format_html('<a href="{}?stateless_app__id__exact={}">{}</a>', url, row.pk, number)

    @admin.action(description="Check that the apps are here", permissions=["view"])
    def check_apps(self, request: HttpRequest, queryset: QuerySet[StatelessApp]) -> None:
        """Say of each whether a module makes it, and where it answers."""
        for row in queryset:
            app, problem = inventory.find(row.app_name)
            if app is None:
                self.message_user(request, f"{row}: {problem}", messages.ERROR)
                continue
            info = inventory.of_app(app)
            where = f" at {', '.join(info.urls)}" if info.urls else "; its URLs are not included in the URLconf"
            sentence = f"{row}: made by {info.module}, {_count(info.callbacks, 'callback')}{where}."
            self.message_user(request, sentence, messages.SUCCESS if info.urls else messages.WARNING)


def _attempt(row: DashApp, act: Callable[[DashApp], Any]) -> tuple[str, Any]:
    """Why it failed, or an empty text and what it gave."""
    try:
        return "", act(row)
    except (DjangoPlotlyDashError, DatabaseError) as error:
        return str(error), None
    except Exception as error:  # layouts are the site's own functions, and may raise anything
        logger.exception("The layout of %s fails", row)
        return f"{type(error).__name__}: {error}", None


def _clone(row: DashApp, owner: Any) -> DashApp:
    if row.state_error:
        raise BrokenStateError(row.instance_name, row.state_error)
    return row.clone(owner=owner)


def _info(row: StatelessApp) -> inventory.AppInfo:
    """What is known of the app, found out once for all columns of a row."""
    known = getattr(row, "_dpd_info", None)
    if known is None:
        app, _ = inventory.find(row.app_name)
        known = inventory.of_app(app) if app else inventory.AppInfo(row.app_name, row.slug, None)
        setattr(row, "_dpd_info", known)
    return known


def _preview(request: HttpRequest, pk: int) -> dict[str, Any]:
    row = DashApp.objects.select_related("stateless_app").get(pk=pk)
    app, problem = inventory.find(row.stateless_app.app_name)
    if app is None:
        return {"problem": problem}
    try:
        url = prefix.url_of(row.slug, instance=True, request=request)
    except NoReverseMatch:
        return {
            "problem": "The URLs of django_plotly_dash are not included in the URLconf, so there is no page to show."
        }
    if row.state_error:
        problem = "The state cannot be read, so the app is not shown here; its page says the same. Correct it above."
        return {"url": url, "problem": problem}
    frame = embedding.frame(Found(app, row), ratio=1, height=_PREVIEW_HEIGHT, use_frameborder=False, url=url)
    return {"url": url, "frame": frame}


def _values(row: DashApp) -> int:
    return sum(map(len, row.current_state().values()))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMES_IN_A_MESSAGE
    return ", ".join(names[:_NAMES_IN_A_MESSAGE]) + (f" and {more} more" if more > 0 else "")
