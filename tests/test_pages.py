"""Multi-page apps: a registry for each app, and links that are right wherever the app answers."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import dash
import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import AsyncClient, Client
from django.urls import include, path

from django_plotly_dash import DjangoDash
from django_plotly_dash.models import DashApp, StatelessApp

from .conftest import Write
from .helpers import callback_body, post

APP = """
import dash
from dash import Input, Output, dcc, html
from django_plotly_dash import DjangoDash

app = DjangoDash("{name}", use_pages=True, {arguments})
app.layout = html.Div(
    [html.H1("{name}"), html.Div([dcc.Link(p["name"], href=p["relative_path"]) for p in dash.page_registry.values()]),
     dash.page_container]
)
"""
HOME = """
import dash
from dash import html
dash.register_page(__name__, path="/", title="{name} home", description="Where {name} begins")
layout = html.Div("home of {name}", id="home")
"""
ITEM = """
import dash
from dash import html
dash.register_page(__name__, path_template="/item/<item_id>", name="Item", order=5, redirect_from=["/old", "/older"],
                   title=lambda item_id=None: f"Item {item_id}", image="item.png")
def layout(item_id=None, colour=None, user=None, **others):
    return html.Div(f"{item_id} {colour} {user} {sorted(others)}", id="item")
"""
LATER = """
import dash
from dash import html
from django.contrib.auth.models import User
dash.register_page(__name__)
async def layout(request=None, **others):
    return html.Div(f"async {request.path}")
"""
MODELS = """
import dash
from dash import html
from django.contrib.auth.models import User
dash.register_page(__name__)
def layout(**others):
    return html.Div(f"{User.objects.count()} users")
"""
MISSING = """
import dash
from dash import html
dash.register_page(__name__)
layout = html.Div("nothing here, says the app")
"""


def site(write: Write, name: str = "One", arguments: str = "") -> Any:
    """An app with pages in a package of its own."""
    package = name.lower()
    write(
        {
            f"{package}/dash_apps.py": APP.format(name=name, arguments=arguments),
            f"{package}/pages/home.py": HOME.format(name=name),
            f"{package}/pages/item.py": ITEM,
            f"{package}/pages/later.py": LATER,
            f"{package}/pages/models.py": MODELS,
        }
    )
    return importlib.import_module(f"{package}.dash_apps").app


def routed(
    app: DjangoDash, pathname: str, search: str = "", client: Client | None = None, url: str | None = None
) -> Any:
    """What the page container gets for a location: the content and the title."""
    client, url = client or Client(), url or f"/dash/app/{app.slug}/"
    client.get(f"{url}_dash-layout")
    output = "..…_pages_content.children..._pages_store.data..".replace("…", "")
    response = post(client, app, callback_body(app, output, url.rstrip("/") + pathname, search), url)
    assert response.status_code == 200, response.content
    answer = json.loads(response.content)["response"]
    return answer["_pages_content"]["children"]["props"]["children"], answer["_pages_store"]["data"]["title"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pathname", "search", "content", "title"),
    [
        ("/", "", "home of One", "One home"),
        ("/item/7", "", "7 None AnonymousUser []", "Item 7"),
        ("/item/7", "?colour=red&size=3", "7 red AnonymousUser ['size']", "Item 7"),
        ("/item/7", "?user=root", "7 None AnonymousUser []", "Item 7"),
        ("/later", "", "async /dash/app/one/_dash-update-component", "Later"),
        ("/models", "", "0 users", "Models"),
        ("/no/such/page", "", "404 - Page not found", "Dash"),
    ],
)
def test_the_page_of_a_path_is_shown(write: Write, pathname: str, search: str, content: str, title: str) -> None:
    assert routed(site(write), pathname, search) == (content, title)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("pathname", "content"), [("/models", "0 users"), ("/later", "async ")])
async def test_pages_may_use_the_orm_under_asgi(write: Write, pathname: str, content: str) -> None:
    app, client = site(write), AsyncClient()
    await client.get("/dash/app/one/_dash-layout")
    body = callback_body(app, ".._pages_content.children..._pages_store.data..", f"/dash/app/one{pathname}", "")
    response = await client.post("/dash/app/one/_dash-update-component", body, content_type="application/json")
    assert response.status_code == 200
    shown = json.loads(response.content)["response"]["_pages_content"]["children"]["props"]["children"]
    assert shown.startswith(content)


@pytest.mark.django_db
def test_the_apps_own_page_for_unknown_paths_is_used(write: Write) -> None:
    write({"one/pages/not_found_404.py": MISSING})
    assert routed(site(write), "/no/such/page")[0] == "nothing here, says the app"


@pytest.mark.django_db
@pytest.mark.parametrize("asked_first", ["One", "Two"])
def test_each_app_has_its_own_pages(write: Write, asked_first: str) -> None:
    apps = {name: site(write, name) for name in ("One", "Two")}
    for name in [asked_first, *{"One", "Two"} - {asked_first}]:
        assert routed(apps[name], "/") == (f"home of {name}", f"{name} home")
        layout = Client().get(f"/dash/app/{name.lower()}/_dash-layout").json()
        links = [link["props"]["href"] for link in layout["props"]["children"][1]["props"]["children"]]
        prefix = f"/dash/app/{name.lower()}/"
        assert links == [f"{prefix}item/none", prefix, f"{prefix}later", f"{prefix}models"]


@pytest.mark.django_db
def test_links_and_routing_are_right_for_a_saved_instance(write: Write) -> None:
    app = site(write)
    row = StatelessApp.objects.create(app_name="One")
    DashApp.objects.create(stateless_app=row, instance_name="Mine", slug="mine")
    layout = Client().get("/dash/instance/mine/_dash-layout").json()
    links = [link["props"]["href"] for link in layout["props"]["children"][1]["props"]["children"]]
    assert links[0] == "/dash/instance/mine/item/none"
    assert routed(app, "/item/3", url="/dash/instance/mine/")[1] == "Item 3"


urlpatterns = [path("elsewhere/<slug:team>/", include("django_plotly_dash.urls"))]


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_links_and_routing_are_right_under_another_mount(write: Write) -> None:
    app = site(write)
    url = "/elsewhere/blue/app/one/"
    assert routed(app, "/item/4", url=url)[1] == "Item 4"
    assert f"{url}item" in json.dumps(Client().get(f"{url}_dash-layout").json())


@pytest.mark.django_db
@pytest.mark.parametrize("old", ["old", "older"])
def test_old_paths_redirect_with_their_query(write: Write, old: str) -> None:
    site(write)
    response = Client().get(f"/dash/app/one/{old}?colour=red")
    assert (response.status_code, response["Location"]) == (301, "/dash/app/one/item/none?colour=red")


@pytest.mark.django_db
def test_a_deep_link_has_the_meta_tags_of_its_page(write: Write) -> None:
    site(write)
    page = Client().get("/dash/app/one/item/9").content.decode()
    assert '<meta property="og:title" content="Item 9">' in page
    assert '<meta property="og:image" content="http://testserver/dash/app/one/assets/item.png">' in page
    home = Client().get("/dash/app/one/").content.decode()
    assert '<meta name="description" content="Where One begins">' in home
    without = site(write, "Two", "include_pages_meta=False")
    assert "og:title" not in Client().get(f"/dash/app/{without.slug}/item/9").content.decode()


@pytest.mark.django_db
def test_the_page_registry_speaks_for_the_app_of_the_request(write: Write) -> None:
    site(write, "One")
    two = site(write, "Two")
    seen = {}

    def layout(request: HttpRequest) -> Any:
        seen["names"] = [page["title"] for page in dash.page_registry.values() if not callable(page["title"])]
        seen["path"] = dash.page_registry["pages.home"]["relative_path"]
        seen["get"] = dash.page_registry["pages.home"].get("relative_path")
        return dash.page_container

    two.layout = layout
    Client().get("/dash/app/two/_dash-layout")
    assert seen["names"][0] == "Two home"
    assert seen["path"] == seen["get"] == "/dash/app/two/"


@pytest.mark.django_db
def test_what_a_page_shows_to_one_user_is_not_sent_to_another(write: Write) -> None:
    secret = "import dash\nfrom dash import html\ndash.register_page(__name__)\n"
    write({"one/pages/mine.py": secret + "def layout(user):\n    return html.Div(f'letters of {user}', id='mine')\n"})
    write({"one/pages/table.py": secret + "def layout():\n    return html.Div('a row of the table', id='table')\n"})
    site(write)
    alice = Client()
    alice.force_login(User.objects.create_user("alice"))
    for client in (alice, Client()):
        page = client.get("/dash/app/one/").content.decode()
        assert "letters of" not in page
        assert "alice" not in page
        assert "a row of the table" not in page


@pytest.mark.django_db
def test_the_renderer_knows_the_ids_of_all_pages_but_not_what_they_show(write: Write) -> None:
    row = "import dash\nfrom dash import dcc, html\ndash.register_page(__name__)\n"
    layout = (
        "def layout():\n    return html.Div([dcc.Input(id='deep', value='a row')], title='a row', id={'a': 'cell'})\n"
    )
    write({"one.py": APP.format(name="One", arguments=""), "pages/table.py": row + layout})
    importlib.import_module("one")
    page = Client().get("/dash/app/one/").content.decode()
    config = json.loads(page.split('id="_dash-config" type="application/json">')[1].split("</script>")[0])
    cell = config["validation_layout"]["props"]["children"][0]
    assert cell["props"]["id"] == {"a": "cell"}
    assert cell["props"]["children"][0]["props"] == {"id": "deep"}
    assert cell["props"]["children"][0]["type"] == "Input"
    assert "a row" not in page


@pytest.mark.django_db
def test_routing_callback_inputs_reach_the_layout(write: Write) -> None:
    write(
        {
            "one/pages/tongue.py": "import dash\nfrom dash import html\ndash.register_page(__name__)\n"
            "def layout(language=None, **kw):\n    return html.Div(f'in {language}')\n"
        }
    )
    app = site(write, arguments='routing_callback_inputs={"language": Input("tongue", "value")}')
    Client().get("/dash/app/one/_dash-layout")
    body = callback_body(app, ".._pages_content.children..._pages_store.data..", "/dash/app/one/tongue", "", "de")
    answer = json.loads(post(Client(), app, body).content)["response"]
    assert answer["_pages_content"]["children"]["props"]["children"] == "in de"


def test_pages_in_a_folder_elsewhere(write: Write, tmp_path: Path) -> None:
    write({"views/start.py": HOME.format(name="Other").replace('"/"', '"/start"')})
    write({"one.py": APP.format(name="One", arguments=f"pages_folder={str(tmp_path / 'views')!r}")})
    app = importlib.import_module("one").app
    assert [page["path"] for page in app.pages.values()] == ["/start"]
