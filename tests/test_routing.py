"""The ASGI application, its websocket patterns, and the tag that leads pages there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.testing import HttpCommunicator, WebsocketCommunicator
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.template import Context, Template
from django.test import AsyncRequestFactory, Client, RequestFactory
from django.urls import NoReverseMatch, include, path, set_script_prefix
from django.utils import translation

from django_plotly_dash import live_page, own_files, routing
from django_plotly_dash.consumers import send_to_pipe_channel
from django_plotly_dash.routing import application, websocket_urlpatterns
from django_plotly_dash.scopes import language_of
from tests.site_pipes import IN_MEMORY, headers, received, session_of, socket, subscribe
from tests.site_urls import mount

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _layer(settings: Any) -> None:
    settings.CHANNEL_LAYERS = IN_MEMORY


async def test_the_application_serves_the_site_over_http() -> None:
    communicator = HttpCommunicator(application, "GET", "/dash/app/echo/")
    response = await communicator.get_response(timeout=20)
    await communicator.wait(timeout=20)
    assert response["status"] == 200
    assert b"_dash-config" in response["body"]


@pytest.mark.parametrize("route", ["dpd/ws/channel", "other/place", "/with/slashes/"])
async def test_the_socket_is_where_the_setting_says(settings: Any, route: str) -> None:
    settings.PLOTLY_DASH = {"ws_route": route}
    for asked in (f"/{route.strip('/')}", f"/{route.strip('/')}/"):
        async with socket(asked) as page:
            await subscribe(page)
            send_to_pipe_channel("c", "l", 1)
            assert (await received(page))["value"] == 1


async def test_a_path_without_a_socket_is_refused_with_a_line_in_the_log(caplog: Any) -> None:
    communicator = WebsocketCommunicator(application, "/elsewhere", headers())
    assert await communicator.connect(timeout=20) == (False, routing.NOT_FOUND)
    assert "No websocket answers at /elsewhere. PLOTLY_DASH['ws_route'] is 'dpd/ws/channel'." in caplog.text


@pytest.mark.parametrize("path_of_scope", ["/sub/dpd/ws/channel", "/dpd/ws/channel"])
async def test_below_a_root_path_whether_or_not_the_server_puts_it_into_the_path(path_of_scope: str) -> None:
    async def below(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "root_path": "/sub", "path": path_of_scope}, receive, send)

    async with socket(application=below) as page:
        await subscribe(page)


async def test_the_patterns_work_in_somebody_elses_application() -> None:
    for mine in (URLRouter(websocket_urlpatterns), AuthMiddlewareStack(URLRouter(websocket_urlpatterns))):
        async with socket(application=mine) as page:
            await subscribe(page)
            send_to_pipe_channel("c", "l", 1)
            assert (await received(page))["value"] == 1
        communicator = WebsocketCommunicator(mine, "/dpd/ws/channel", headers("http://evil.example"))
        assert (await communicator.connect(timeout=20))[0] is False


@pytest.mark.parametrize("mine", [None, AuthMiddlewareStack(URLRouter(websocket_urlpatterns))], ids=["ours", "mine"])
async def test_login_and_language_are_those_of_http(settings: Any, mine: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    found: list[Any] = []

    def hook(user: Any, channel_name: str, label: str, action: str, scope: Any) -> bool:
        found.append((user.get_username(), scope["user"].get_username(), translation.get_language(), scope["language"]))
        return True

    settings.PLOTLY_DASH = {"pipe_access": hook}
    session = await sync_to_async(session_of)("ada")
    async with socket(application=mine, session=session, accept_language="de") as page:
        await subscribe(page)
    assert found == [("ada", "ada", "de", "de")]


@pytest.mark.parametrize(
    ("of_scope", "language"),
    [
        ({}, "en"),
        ({"headers": [(b"accept-language", b"de")]}, "de"),
        ({"headers": [(b"accept-language", b"de"), (b"cookie", b"django_language=en")]}, "en"),
        ({"headers": [(b"accept-language", b"de"), (b"cookie", b"django_language=xx")]}, "de"),
    ],
)
def test_the_language_is_found_as_for_http(settings: Any, of_scope: Any, language: str) -> None:
    scope = {"type": "websocket", "path": "/dpd/ws/channel", "headers": [], "query_string": b"", **of_scope}
    assert language_of(scope) == "en-us"  # without LocaleMiddleware it is LANGUAGE_CODE
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware"]
    settings.LANGUAGE_CODE = "en"
    assert language_of(scope) == language
    settings.USE_I18N = False
    assert language_of(scope) == "en"


# --- the tag ---------------------------------------------------------------------------------------------------------


def rendered(request: HttpRequest | None, tag: str = "{% plotly_message_pipe %}") -> str:
    return Template("{% load plotly_dash %}" + tag).render(Context({"request": request} if request else {}))


def test_the_tag_renders_one_script_without_inline_code(client: Client) -> None:
    html = rendered(RequestFactory().get("/"))
    found = re.fullmatch(r'<script src="([^"]+)" data-url="/dpd/ws/channel" data-server="wsgi"></script>', html)
    assert found
    response = client.get(found[1])
    assert response.status_code == 200
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert b"dpd_wsb" in response.content
    older = client.get(re.sub(r"\.\w+\.js", ".0123456789ab.js", found[1]))
    assert older.content == response.content
    assert older["Cache-Control"] == "no-cache"
    for name in ("none.js", "..", "..%2f..%2fconf.py"):
        assert client.get(f"/dash/own/0/{name}").status_code == 404


def test_the_tag_tells_the_script_which_kind_of_server_made_the_page() -> None:
    request = AsyncRequestFactory().get("/")
    assert isinstance(request, ASGIRequest)
    assert 'data-server="asgi"' in rendered(request)
    assert 'data-server="wsgi"' in rendered(None)


@pytest.mark.parametrize("url", ["/elsewhere/ws", "wss://live.example/ws?a=1&b=2"])
def test_the_tag_takes_another_url(url: str) -> None:
    html = Template("{% load plotly_dash %}{% plotly_message_pipe url=url %}").render(Context({"url": url}))
    assert f'data-url="{url.replace("&", "&amp;")}"' in html


def test_the_url_is_below_the_script_name_and_as_the_setting_says(settings: Any) -> None:
    settings.PLOTLY_DASH = {"ws_route": "live"}
    set_script_prefix("/sub/")
    try:
        html = rendered(None)
    finally:
        set_script_prefix("/")
    assert 'data-url="/sub/live"' in html
    assert 'src="/sub/dash/_dpd/pipes.' in html


def test_the_script_is_found_in_the_mount_of_the_page(settings: Any, client: Client) -> None:
    def page(request: HttpRequest, **_: Any) -> Any:
        from django.http import HttpResponse

        return HttpResponse(rendered(request))

    mount(
        settings,
        path("<slug:team>/", include([path("dash/", include("django_plotly_dash.urls")), path("page/", page)])),
    )
    assert b'src="/red/dash/_dpd/pipes.' in client.get("/red/page/").content


def test_without_our_urls_the_tag_says_what_is_missing(settings: Any) -> None:
    mount(settings)
    with pytest.raises(NoReverseMatch, match="the_django_plotly_dash"):
        rendered(None)


# --- an app's own page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uses", "layers", "has_script"), [(True, IN_MEMORY, True), (True, {}, False), (False, IN_MEMORY, False)]
)
def test_an_apps_own_page_has_the_script_if_pipes_are_used(
    client: Client, settings: Any, monkeypatch: Any, uses: bool, layers: Any, has_script: bool
) -> None:
    settings.CHANNEL_LAYERS = layers
    monkeypatch.setattr(live_page, "pipes_are_used", lambda: uses)
    html = client.get("/dash/app/echo/").content.decode()
    script = own_files.require_url(own_files.PIPES, None)
    tag = f'<script src="{script}" data-url="/dpd/ws/channel" data-server="wsgi" data-own-page>'
    assert (tag in html) is has_script
    assert ("/pipes." in html) is has_script
