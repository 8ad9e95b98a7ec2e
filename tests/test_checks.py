from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
from dash import Input, Output
from django.conf import settings as site_settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import Error, Warning, run_checks
from django.db import connections
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import include, path

from django_plotly_dash import DjangoDash
from django_plotly_dash.checks import check_layer_of_deployment, check_urls
from django_plotly_dash.conf import setting_names

from .conftest import Write
from .site_pipes import IN_MEMORY
from .site_urls import mount

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"


def findings() -> list[Any]:
    return [message for message in run_checks() if str(message.id).startswith("django_plotly_dash.")]


def test_a_sound_site_has_nothing_to_be_told() -> None:
    assert findings() == []


def test_e001_settings_that_cannot_be_read(settings: Any) -> None:
    settings.PLOTLY_DASH = {"serve_localy": True}
    assert findings() == [
        Error(
            "settings.PLOTLY_DASH has no key 'serve_localy'. Did you mean 'serve_locally'? "
            f"The keys are: {', '.join(setting_names())}.",
            hint="Correct PLOTLY_DASH in your settings.",
            id="django_plotly_dash.E001",
        )
    ]


def test_e002_a_view_decorator_that_cannot_be_used(settings: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": "no.such.decorator"}
    assert findings() == [
        Error(
            "settings.PLOTLY_DASH['view_decorator'] is 'no.such.decorator', which cannot be imported: "
            "No module named 'no'. Give the dotted path of a function, such as "
            "'django_plotly_dash.access.login_required'.",
            hint="Nothing is served until it can be used.",
            id="django_plotly_dash.E002",
        )
    ]


@pytest.mark.parametrize(
    ("options", "atomic", "told"),
    [
        ({}, True, True),
        ({"transaction_mode": "deferred"}, True, True),
        ({"transaction_mode": "IMMEDIATE"}, True, False),
        ({"transaction_mode": "EXCLUSIVE"}, True, False),
        ({}, False, False),
    ],
)
def test_w005_transactions_that_begin_by_reading(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], atomic: bool, told: bool
) -> None:
    database = connections["default"].settings_dict
    assert database["ENGINE"].endswith("sqlite3")
    monkeypatch.setitem(database, "ATOMIC_REQUESTS", atomic)
    monkeypatch.setitem(database, "OPTIONS", options)
    assert [message.id for message in findings()] == ["django_plotly_dash.W005"] * told
    if told:
        assert findings()[0].msg.startswith("DATABASES['default'] is SQLite with ATOMIC_REQUESTS: ")
        monkeypatch.setitem(database, "ENGINE", "django.db.backends.postgresql")
        assert findings() == []


def test_w060_websocket_callbacks_without_asgi(settings: Any) -> None:
    live, quiet = DjangoDash("Live"), DjangoDash("Quiet")
    for app in (live, quiet):
        app.callback(Output("out", "children"), Input("in", "value"), websocket=app is live)(str)
    assert findings() == [
        Warning(
            "There are websocket callbacks, and no ASGI_APPLICATION: they are answered over HTTP, and persistent ones "
            "not at all.",
            hint="Serve the site by ASGI, with 'django_plotly_dash.routing.application' or an application with its "
            "websocket_urlpatterns. The apps are: Live.",
            id="django_plotly_dash.W060",
        )
    ]
    settings.ASGI_APPLICATION = "django_plotly_dash.routing.application"
    assert findings() == []
    del settings.ASGI_APPLICATION
    settings.PLOTLY_DASH = {"websocket_callbacks": False}
    assert findings() == []


def test_w001_urls_that_are_not_included(settings: Any) -> None:
    name = mount(settings)
    assert findings() == [
        Warning(
            "The URLs of django_plotly_dash are not included in the URLconf, so no app can be shown.",
            hint=f'Add path("dash/", include("django_plotly_dash.urls")) to the urlpatterns of {name}.',
            id="django_plotly_dash.W001",
        )
    ]


def test_a_site_without_a_urlconf_is_not_told_to_extend_it(settings: Any) -> None:
    settings.ROOT_URLCONF = ""
    assert findings() == []


def test_a_urlconf_that_the_settings_break_is_reported_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PLOTLY_DASH = {"view_decorator": "no.such.decorator"}
    monkeypatch.delitem(sys.modules, "django_plotly_dash.urls")
    monkeypatch.delitem(sys.modules, "tests.urls", raising=False)
    settings.ROOT_URLCONF = "tests.urls"
    assert check_urls(None) == []


@pytest.mark.parametrize("mount_point", ["", "a/b/", "<slug:team>/", "x/<int:year>/"])
def test_urls_under_any_mount_are_included(settings: Any, mount_point: str) -> None:
    mount(settings, path(mount_point, include("django_plotly_dash.urls")))
    assert findings() == []


def test_urls_inside_another_namespace_are_included(settings: Any) -> None:
    mount(settings, path("shop/", include(([path("dash/", include("django_plotly_dash.urls"))], "shop"))))
    assert findings() == []


def test_w002_no_sessions(settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in site_settings.MIDDLEWARE if name != SESSIONS]
    assert findings() == [
        Warning(
            "There is no session middleware: a callback that changes session_state will fail.",
            hint=f"Add '{SESSIONS}' to MIDDLEWARE.",
            id="django_plotly_dash.W002",
        )
    ]


class OwnSessions(SessionMiddleware): ...


class OwnCsrf(CsrfViewMiddleware): ...


def test_middlewares_of_the_sites_own_count_where_they_are_subclasses(settings: Any) -> None:
    settings.MIDDLEWARE = ["no.such.middleware", f"{__name__}.OwnSessions", f"{__name__}.OwnCsrf"]
    assert findings() == []


def test_w003_no_csrf_protection(settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in site_settings.MIDDLEWARE if name != CSRF]
    assert findings() == [
        Warning(
            "There is no CSRF middleware: another site can call callbacks in the name of a visitor.",
            hint=f"Add '{CSRF}' to MIDDLEWARE.",
            id="django_plotly_dash.W003",
        )
    ]


def test_both_can_be_missing(settings: Any) -> None:
    settings.MIDDLEWARE = []
    assert [message.id for message in findings()] == ["django_plotly_dash.W002", "django_plotly_dash.W003"]


def test_e003_a_callback_that_could_be_of_several_apps(write: Write, settings: Any) -> None:
    app = "from django_plotly_dash import DjangoDash\napp = DjangoDash({name!r})\n"
    call = "from dash import Input, Output, callback\n"
    call += "@callback(Output('out', 'children'), Input('in', 'value'))\ndef show(value): ...\n"
    urls = "import pair.one, pair.two, pair.calls\nfrom django.urls import include, path\n"
    urls += "urlpatterns = [path('', include('django_plotly_dash.urls'))]\n"
    write(
        {
            "pair/one.py": app.format(name="One"),
            "pair/two.py": app.format(name="Two"),
            "pair/calls.py": call,
            "pair_urls.py": urls,
        }
    )
    settings.ROOT_URLCONF = "pair_urls"
    (error,) = findings()
    assert (error.id, error.level) == ("django_plotly_dash.E003", 40)
    assert error.msg.startswith(
        "The callback 'out.children', registered with dash.callback in module pair.calls, could belong to any of these "
        "apps: 'One' (of pair.one), 'Two' (of pair.two)."
    )
    assert error.hint == "Use the callback method of the app, or name the module in its global_callbacks."


no_policy = "a text"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            "anyone",
            "is 'anyone'. It has to be one of 'anybody', 'change_permission', 'save_permission', 'owner', or a "
            "function of user, instance and request that returns True or False, or its dotted path.",
        ),
        ("no.such.policy", "is 'no.such.policy', which cannot be imported: No module named 'no'."),
        (
            "tests.test_checks.no_policy",
            "names is 'a text'. It has to be one of 'anybody', 'change_permission', 'save_permission', 'owner', or a "
            "function of user, instance and request that returns True or False, or its dotted path.",
        ),
    ],
)
def test_e004_a_write_policy_that_cannot_be_used(settings: Any, policy: str, message: str) -> None:
    settings.PLOTLY_DASH = {"state_write_policy": policy}
    (error,) = findings()
    assert error.id == "django_plotly_dash.E004"
    assert error.msg.endswith(f"settings.PLOTLY_DASH['state_write_policy'] {message}")
    assert error.hint == "Callbacks of saved instances that change something fail until it can be used."


def test_e004_a_write_policy_of_an_app() -> None:
    DjangoDash("Sales", state_write_policy="no.such.policy")
    (error,) = findings()
    assert error.msg == (
        "state_write_policy of the app 'Sales' is 'no.such.policy', which cannot be imported: No module named 'no'."
    )


def test_w004_a_write_policy_that_needs_users(settings: Any) -> None:
    users = "django.contrib.auth.middleware.AuthenticationMiddleware"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != users]
    settings.PLOTLY_DASH = {"state_write_policy": "owner"}
    warning = Warning(
        "state_write_policy is 'owner', but requests have no users: no instance's state is saved.",
        hint=f"Add {users!r} to MIDDLEWARE, or take another policy.",
        id="django_plotly_dash.W004",
    )
    assert warning in findings()


@pytest.mark.parametrize("name", ["pipe_access", "http_poke_access"])
def test_e061_who_may_listen_or_send_cannot_be_asked(settings: Any, name: str) -> None:
    settings.PLOTLY_DASH = {name: "no.such.function"}
    (error,) = findings()
    assert error.id == "django_plotly_dash.E061"
    assert error.msg.startswith(f"settings.PLOTLY_DASH['{name}'] is 'no.such.function', which cannot be imported: No")
    assert error.hint == "Nobody is let in until it can be used."
    settings.PLOTLY_DASH = {name: "tests.helpers.UNSIGNED"}
    assert findings()[0].msg == f"settings.PLOTLY_DASH['{name}'] is 'tests.helpers.UNSIGNED', which cannot be called."


@pytest.mark.parametrize("imported", ["from dpd_components import Pipe", "import dpd_components as dpd"])
def test_w061_pipes_without_a_channel_layer(write: Write, settings: Any, imported: str) -> None:
    write({"piped.py": f"{imported}\nfrom django_plotly_dash import DjangoDash\napp = DjangoDash('Piped')\n"})
    importlib.import_module("piped")
    assert findings() == [
        Warning(
            "An app uses dpd_components, but there is no channel layer: pipes get no messages.",
            hint='Add CHANNEL_LAYERS = {"default": {...}} to your settings: see docs/live.',
            id="django_plotly_dash.W061",
        )
    ]
    settings.CHANNEL_LAYERS = IN_MEMORY
    assert findings() == []


def test_w062_a_layer_in_memory_is_told_of_before_deployment(settings: Any) -> None:
    settings.CHANNEL_LAYERS = IN_MEMORY
    assert findings() == []
    (warning,) = check_layer_of_deployment(None)
    assert warning == Warning(
        "The channel layer is in memory: messages reach only pages whose websocket is of the same process.",
        hint="Take a layer of channels-redis where there is more than one process, workers included.",
        id="django_plotly_dash.W062",
    )
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}
    assert check_layer_of_deployment(None) == []
