from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from django_plotly_dash.conf import PlotlyDashSettings, app_settings, setting_names
from django_plotly_dash.exceptions import ConfigurationError

DEFAULTS = {
    "ws_route": "dpd/ws/channel",
    "http_route": "dpd/views",
    "http_poke_enabled": True,
    "http_poke_token": None,
    "http_poke_access": None,
    "pipe_access": None,
    "pipe_max_message_size": 65_536,
    "pipe_max_subscriptions": 100,
    "pipe_max_rate": 20,
    "pipe_queue_size": 1_000,
    "pipe_queue_bytes": 1_048_576,
    "websocket_callbacks": None,
    "websocket_pool_size": 8,
    "websocket_recheck_seconds": 10,
    "websocket_max_callbacks": 200,
    "websocket_max_rate": 500,
    "websocket_queue_size": 16_777_216,
    "insert_demo_migrations": False,
    "cache_timeout_initial_arguments": 60,
    "view_decorator": None,
    "cache_arguments": True,
    "initial_arguments_url_limit": 1500,
    "unknown_initial_arguments": None,
    "serve_locally": True,
    "state_max_bytes": 1_048_576,
    "state_write_policy": "anybody",
    "share_bundles": None,
    "static_asset_root": "dpd/assets",
    "iframe_sandbox": "allow-scripts allow-same-origin allow-forms allow-downloads allow-popups allow-modals "
    "allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation",
    "iframe_allow": "clipboard-write; fullscreen",
    "iframe_referrerpolicy": None,
    "stateless_loader": None,
    "background_callback_manager": None,
    "background_callback_lease": 60,
    "background_callback_queue_timeout": 600,
    "dev_tools": None,
}
KEYS = ", ".join(setting_names())


def some_function() -> None: ...


@pytest.mark.parametrize("given", [None, {}])
def test_the_defaults_are_those_that_users_know(settings: Any, given: Any) -> None:
    settings.PLOTLY_DASH = given
    assert asdict(app_settings()) == DEFAULTS
    assert set(setting_names()) == set(DEFAULTS)


def test_the_setting_may_be_missing(settings: Any) -> None:
    settings.PLOTLY_DASH = {"serve_locally": False}
    del settings.PLOTLY_DASH
    assert app_settings() == PlotlyDashSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ws_route", "ws"),
        ("http_route", ""),
        ("http_poke_enabled", False),
        ("cache_timeout_initial_arguments", 0),
        ("view_decorator", "a.dotted.path"),
        ("view_decorator", some_function),
        ("view_decorator", None),
        ("stateless_loader", some_function),
        ("dev_tools", True),
        ("dev_tools", {"dev_tools_ui": False}),
        ("serve_locally", False),
        ("share_bundles", True),
    ],
)
def test_a_value_is_taken(settings: Any, name: str, value: Any) -> None:
    settings.PLOTLY_DASH = {name: value}
    assert asdict(app_settings()) == {**DEFAULTS, name: value}


def test_a_change_is_seen_at_once(settings: Any) -> None:
    settings.PLOTLY_DASH = {"ws_route": "one"}
    first = app_settings()
    settings.DEBUG = True
    assert app_settings() is first
    settings.PLOTLY_DASH = {"ws_route": "two"}
    assert app_settings().ws_route == "two"


@pytest.mark.parametrize("given", ["serve_locally", 5, ["serve_locally"]])
def test_something_else_than_a_dict_is_refused(settings: Any, given: Any) -> None:
    settings.PLOTLY_DASH = given
    with pytest.raises(ConfigurationError) as caught:
        app_settings()
    assert str(caught.value) == (
        f"settings.PLOTLY_DASH is {given!r}; it has to be a dict, such as {{'serve_locally': True}}."
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("serve_localy", " Did you mean 'serve_locally'?"),
        ("view_decorators", " Did you mean 'view_decorator'?"),
        ("xyz", ""),
        (7, ""),
    ],
)
def test_an_unknown_key_is_refused(settings: Any, name: Any, hint: str) -> None:
    settings.PLOTLY_DASH = {name: True}
    with pytest.raises(ConfigurationError) as caught:
        app_settings()
    assert str(caught.value) == f"settings.PLOTLY_DASH has no key {str(name)!r}.{hint} The keys are: {KEYS}."


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ws_route", None, "None, a NoneType; it has to be str"),
        ("ws_route", b"x", "b'x', a bytes; it has to be str"),
        ("cache_timeout_initial_arguments", "60", "'60', a str; it has to be int"),
        ("cache_timeout_initial_arguments", True, "True, a bool; it has to be int"),
        ("http_poke_enabled", 1, "1, a int; it has to be bool"),
        ("serve_locally", None, "None, a NoneType; it has to be bool"),
        ("view_decorator", 3, "3, a int; it has to be str or Callable or None"),
        ("stateless_loader", [], "[], a list; it has to be str or Callable or None"),
        ("dev_tools", "yes", "'yes', a str; it has to be bool or dict or None"),
        ("websocket_pool_size", 0, "0; it has to be 1 or more"),
        ("websocket_pool_size", -1, "-1; it has to be 1 or more"),
        ("websocket_recheck_seconds", 0, "0; it has to be 1 or more"),
        ("websocket_max_callbacks", 0, "0; it has to be 1 or more"),
        ("websocket_max_rate", 0, "0; it has to be 1 or more"),
        ("websocket_queue_size", 0, "0; it has to be 1 or more"),
        ("pipe_max_rate", 0, "0; it has to be 1 or more"),
        ("pipe_max_subscriptions", -5, "-5; it has to be 1 or more"),
        ("pipe_max_message_size", 0, "0; it has to be 1 or more"),
        ("pipe_queue_size", 0, "0; it has to be 1 or more"),
        ("pipe_queue_bytes", 0, "0; it has to be 1 or more"),
        ("unknown_initial_arguments", "ignore", "'ignore'; it has to be 'raise' or 'log' or None"),
    ],
)
def test_a_value_that_cannot_work_is_refused(settings: Any, name: str, value: Any, reason: str) -> None:
    settings.PLOTLY_DASH = {name: value}
    with pytest.raises(ConfigurationError) as caught:
        app_settings()
    assert str(caught.value) == f"settings.PLOTLY_DASH[{name!r}] is {reason}."
