from __future__ import annotations

import importlib
import sys
import textwrap
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dash import Input, Output, html
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.views import View

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import AppNotFoundError, RegistrationError
from django_plotly_dash.registry import registry, slug_of

from .conftest import Write
from .site_clients import COLOURS, ask, fetch
from .site_urls import mount

OURS = path("dash/", include("django_plotly_dash.urls"))


def in_module(name: str, code: str) -> types.ModuleType:
    """Run code as the module of that name."""
    module = types.ModuleType(name)
    exec(compile(f"from django_plotly_dash import DjangoDash\n{code}", f"{name}.py", "exec"), module.__dict__)
    return module


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("SimpleExample", "simpleexample"),
        ("Sales & costs, 2024", "sales-costs-2024"),
        ("Übersicht", "übersicht"),
        ("売上", "売上"),
        ("Продажи за год", "продажи-за-год"),
        ("a.b/c", "abc"),
    ],
)
def test_an_app_is_found_by_its_name_and_by_its_slug(name: str, slug: str) -> None:
    app = DjangoDash(name)
    assert (app.app_name, app.slug) == (name, slug)
    assert name in registry
    assert slug in registry
    assert registry[name] is registry[slug] is app


@pytest.mark.parametrize(("name", "slug"), [("!!!", "e84c538e7fe2"), ("💡", "8aa6471e16db")])
def test_a_name_without_letters_has_a_slug_of_its_own_that_is_the_same_in_every_process(name: str, slug: str) -> None:
    app = DjangoDash(name)
    assert app.slug == slug == slug_of(name)
    assert registry[name] is app


def test_an_app_without_a_name_gets_one_from_its_module_in_the_order_of_making() -> None:
    code = "a = DjangoDash()\nb = DjangoDash('Named')\nc = DjangoDash()\nd = DjangoDash(None)"
    module = in_module("shop.dash_apps", code)
    assert [getattr(module, name).app_name for name in "abcd"] == [
        "shop-dash_apps",
        "Named",
        "shop-dash_apps-3",
        "shop-dash_apps-4",
    ]
    assert in_module("blog.dash_apps", "a = DjangoDash()").a.app_name == "blog-dash_apps"


def test_the_registry_lists_its_apps() -> None:
    before = len(registry)
    app = DjangoDash("Listed")
    assert len(registry) == before + 1
    assert app in list(registry)
    assert 5 not in registry
    assert "no such app" not in registry


def test_apps_of_an_isolated_block_are_forgotten_after_it() -> None:
    with registry.isolated() as isolated:
        DjangoDash("For a moment")
        assert isolated is registry
        assert "For a moment" in registry
    assert "For a moment" not in registry
    with pytest.raises(ZeroDivisionError), registry.isolated():
        assert 1 / len(DjangoDash("For a moment").callback_map)
    assert "For a moment" not in registry


# --- two apps of one name --------------------------------------------------------------------------------------------


def test_the_same_module_replaces_its_app() -> None:
    first = in_module("shop.dash_apps", "app = DjangoDash('Sales')").app
    second = in_module("shop.dash_apps", "app = DjangoDash('Sales')").app
    assert first is not second
    assert registry["Sales"] is second


def test_another_modules_app_of_the_same_name_is_an_error_that_names_both() -> None:
    first = in_module("shop.dash_apps", "app = DjangoDash('Sales')").app
    with pytest.raises(RegistrationError) as caught:
        in_module("blog.dash_apps", "app = DjangoDash('Sales')")
    assert str(caught.value) == (
        "Two DjangoDash apps would answer at 'sales': 'Sales' of module shop.dash_apps "
        "and 'Sales' of module blog.dash_apps. Give one of them another name."
    )
    assert registry["Sales"] is first


@pytest.mark.parametrize("given", ["'Sales'", "__name__"])
def test_the_same_name_twice_in_one_module_is_an_error_that_names_both(given: str) -> None:
    with pytest.raises(RegistrationError) as caught:
        in_module("shop.dash_apps", f"DjangoDash({given})\nDjangoDash({given})")
    name = eval(given, {"__name__": "shop.dash_apps"})
    assert str(caught.value) == (
        f"Two DjangoDash apps would answer at {slug_of(name)!r}: {name!r} of module shop.dash_apps "
        f"and {name!r} of module shop.dash_apps. Give one of them another name."
    )
    again = in_module("shop.dash_apps", f"app = DjangoDash({given})").app
    assert registry[name] is again


@pytest.mark.parametrize("again", ["reload", "import"])
def test_a_module_file_that_is_run_again_replaces_its_app(write: Write, again: str) -> None:
    write({"rerun.py": "from django_plotly_dash import DjangoDash\napp = DjangoDash('Sales')\n"})
    first = importlib.import_module("rerun").app
    if again == "reload":
        second = importlib.reload(sys.modules["rerun"]).app
    else:
        del sys.modules["rerun"]
        second = importlib.import_module("rerun").app
    assert first is not second
    assert registry["Sales"] is second


@pytest.mark.parametrize("module", ["shop.dash_apps", "blog.dash_apps"])
def test_two_names_with_one_slug_are_an_error_that_names_both(module: str) -> None:
    in_module("shop.dash_apps", "app = DjangoDash('Sales report')")
    with pytest.raises(RegistrationError) as caught:
        in_module(module, "app = DjangoDash('sales-report')")
    assert str(caught.value) == (
        "Two DjangoDash apps would answer at 'sales-report': 'Sales report' of module shop.dash_apps "
        f"and 'sales-report' of module {module}. Give one of them another name."
    )


# --- names that are not known ----------------------------------------------------------------------------------------


def test_an_unknown_name_is_told_the_nearest_known_ones() -> None:
    for name in ("Sales 2023", "Sales 2024", "Costs", "Staff", "Weather", "Traffic"):
        DjangoDash(name)
    with pytest.raises(AppNotFoundError) as caught:
        registry["Sales 2025"]
    assert str(caught.value) == (
        "There is no DjangoDash app named 'Sales 2025'. The nearest known names are: Sales 2024, Sales 2023."
    )
    assert isinstance(caught.value, LookupError)
    assert caught.value.nearest == ("Sales 2024", "Sales 2023")


def test_where_nothing_is_near_few_names_are_all_listed_and_many_are_not() -> None:
    registry._apps.clear()
    DjangoDash("Alone")
    few = registry.nearest("zzzzzzzz")
    assert set(few) == {app.app_name for app in registry}
    for number in range(5):
        DjangoDash(f"App number {number}")
    assert registry.nearest("zzzzzzzz") == ()
    with pytest.raises(AppNotFoundError, match=r"^There is no DjangoDash app named 'zzzzzzzz'\.$"):
        registry["zzzzzzzz"]


@pytest.mark.parametrize("colour", COLOURS)
def test_under_debug_the_404_page_lists_the_nearest_names(settings: Any, colour: str) -> None:
    settings.DEBUG = True
    DjangoDash("Monthly sales")
    response = fetch(colour, "/dash/app/montly-sales/")
    assert response.status_code == 404
    assert "There is no DjangoDash app named" in response.text
    assert "The nearest known names are: Monthly sales." in response.text


CHATTY = "{{ exception }} | {{ request_path }}"


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("part", ["", "_dash-layout", "assets/x.css", "some/page"])
def test_without_debug_even_a_404_page_that_prints_the_exception_shows_no_name(
    settings: Any, colour: str, part: str
) -> None:
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {"404.html": CHATTY})]},
        }
    ]
    DjangoDash("Monthly sales")
    response = fetch(colour, f"/dash/app/montly-sales/{part}")
    assert response.status_code == 404
    assert "Monthly" not in response.text
    assert response.text.startswith("Http404 |")


# --- the loader ------------------------------------------------------------------------------------------------------

loaded: list[str] = []


def load(name: str) -> DjangoDash | None:
    """What a project names in PLOTLY_DASH["stateless_loader"]."""
    loaded.append(name)
    if not name.startswith("lazy"):
        return None
    app = DjangoDash(name)
    app.layout = html.Div(f"layout of {name}")
    return app


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("given", [load, f"{__name__}.load"], ids=["callable", "dotted path"])
def test_the_loader_makes_an_app_while_a_request_is_answered_and_is_asked_once(
    settings: Any, given: Any, colour: str
) -> None:
    settings.PLOTLY_DASH = {"stateless_loader": given}
    loaded.clear()
    for _ in range(2):
        response = fetch(colour, "/dash/app/lazy-one/_dash-layout")
        assert response.json()["props"]["children"] == "layout of lazy-one"
    assert loaded == ["lazy-one"]
    assert registry["lazy-one"].app_name == "lazy-one"


@pytest.mark.parametrize("colour", COLOURS)
def test_a_loader_that_knows_no_app_of_the_name_makes_a_404(settings: Any, colour: str) -> None:
    settings.PLOTLY_DASH = {"stateless_loader": load}
    assert fetch(colour, "/dash/app/unknown/").status_code == 404


def test_callbacks_of_modules_that_a_loader_imports_belong_to_the_app_above_them(settings: Any, write: Write) -> None:
    one = "{0} = DjangoDash('{0}')\n{0}.layout = html.Div()\n{0}_is_current = dash.get_app() is {0}\n"
    two = "dash.callback(Output('{0}', 'children'), Input('in', 'value'))(lambda value: value)\n"
    start = "import dash\nfrom dash import Input, Output, html\nfrom django_plotly_dash import DjangoDash\n"
    write({"loaded.py": start + "".join((one + two).format(name) for name in ("left", "right"))})
    settings.PLOTLY_DASH = {"stateless_loader": lambda name: importlib.import_module("loaded").left}
    for name in ("left", "right"):
        specs = fetch("wsgi", f"/dash/app/{name}/_dash-dependencies").json()
        assert [spec["output"] for spec in specs] == [f"{name}.children"]
    assert sys.modules["loaded"].left_is_current
    assert sys.modules["loaded"].right_is_current


def test_the_module_of_a_loader_may_make_apps_itself(settings: Any, write: Write) -> None:
    source = """
    from dash import html
    from django_plotly_dash import DjangoDash

    of_module = DjangoDash("Of the module")
    of_module.layout = html.Div("made with the module")


    def load(name):
        made = DjangoDash(name)
        made.layout = html.Div("made for the name")
        return made
    """
    write({"loader_with_apps.py": textwrap.dedent(source)})
    settings.PLOTLY_DASH = {"stateless_loader": "loader_with_apps.load"}
    for name, text in {"of-the-module": "made with the module", "another": "made for the name"}.items():
        layout = Client().get(f"/dash/app/{name}/_dash-layout")
        assert layout.json()["props"]["children"] == text


def test_where_no_app_is_known_it_is_said_where_they_are_looked_for(apps: Any) -> None:
    apps._apps = {}
    with pytest.raises(AppNotFoundError, match="modules named dash_apps of the installed apps are imported"):
        registry["Sales"]


def test_known_apps_are_not_asked_of_the_loader(settings: Any) -> None:
    settings.PLOTLY_DASH = {"stateless_loader": load}
    loaded.clear()
    DjangoDash("Known")
    assert registry["Known"].app_name == "Known"
    assert loaded == []


def test_a_loader_may_give_an_app_that_has_another_name(settings: Any) -> None:
    other = DjangoDash("Behind it")
    settings.PLOTLY_DASH = {"stateless_loader": lambda name: other if name == "alias" else None}
    assert registry["alias"] is registry["Behind it"] is other


def test_after_a_loader_has_failed_apps_still_cannot_be_made_in_views(settings: Any) -> None:
    def failing(name: str) -> DjangoDash:
        raise OSError("the loader's database is away")

    settings.PLOTLY_DASH = {"stateless_loader": failing}
    with pytest.raises(OSError, match="away"):
        registry["lazy"]

    def view(request: HttpRequest) -> HttpResponse:
        DjangoDash("Made too late")
        raise AssertionError

    mount(settings, path("late/", view))
    with pytest.raises(RegistrationError):
        fetch("wsgi", "/late/")


# --- registration while a request is answered ------------------------------------------------------------------------

TOO_LATE = (
    "DjangoDash app 'Made too late' is being made while a request is answered. Other worker processes "
    "would not have it, and its URLs would fail there. Make it when a module is imported (a module named "
    "dash_apps of an installed app is found by itself), or make it in PLOTLY_DASH['stateless_loader']."
)


def make() -> HttpResponse:
    DjangoDash("Made too late")
    return HttpResponse("made")


def function_view(request: HttpRequest) -> HttpResponse:
    return make()


def view_with_another_name_for_it(req: HttpRequest) -> HttpResponse:
    return make()


async def async_view(request: HttpRequest) -> HttpResponse:
    return make()


class ClassView(View):
    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.answer()

    def answer(self) -> HttpResponse:
        return make()


class AsyncClassView(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return make()


VIEWS = {
    "function": function_view,
    "function with another name for its argument": view_with_another_name_for_it,
    "async function": async_view,
    "class": ClassView.as_view(),
    "async class": AsyncClassView.as_view(),
}


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", VIEWS)
def test_an_app_cannot_be_made_in_a_view(settings: Any, kind: str, colour: str) -> None:
    mount(settings, path("late/", VIEWS[kind]))
    with pytest.raises(RegistrationError) as caught:
        fetch(colour, "/late/")
    assert str(caught.value) == TOO_LATE
    assert "Made too late" not in registry


def late_middleware(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        make()
        return get_response(request)

    return middleware


def test_an_app_cannot_be_made_in_a_middleware(settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.late_middleware"]
    with pytest.raises(RegistrationError):
        fetch("wsgi", "/dash/app/echo/")


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_an_app_cannot_be_made_in_a_callback(colour: str, asynchronous: bool) -> None:
    app = DjangoDash("Maker")
    app.layout = html.Div(id="it")
    if asynchronous:

        async def callback(title: str) -> str:
            return make().text

    else:

        def callback(title: str) -> str:
            return make().text

    app.callback(Output("it", "children"), Input("it", "title"))(callback)
    with pytest.raises(RegistrationError):
        ask(colour, app, "it.children", "x")
    assert "Made too late" not in registry


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("address", ["/page/", "/page", "/de/page/"])
def test_an_app_can_be_made_while_the_first_request_imports_the_urlconf(
    settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, colour: str, address: str
) -> None:
    name = f"urlconf_{colour}_{len(address)}_{address.count('de')}"
    (tmp_path / f"{name}.py").write_text(
        "from django.conf.urls.i18n import i18n_patterns\n"
        "from django.http import HttpResponse\n"
        "from django.urls import path\n"
        "from django_plotly_dash import DjangoDash\n"
        f"app = DjangoDash('Of the URLconf {name}')\n"
        "def page(request): return HttpResponse('page')\n"
        "urlpatterns = [path('page/', page), *i18n_patterns(path('page/', page))]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    # Middlewares may look into the URLconf before Django does: for a language, or for a slash at the end.
    settings.MIDDLEWARE = [
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]
    settings.ROOT_URLCONF = name
    assert fetch(colour, address).status_code == (200 if address.endswith("/") else 301)
    assert f"Of the URLconf {name}" in registry


@pytest.mark.parametrize("name", ["shared", "another spelling", "a third"])
def test_what_a_loader_gives_is_not_kept_under_every_name_that_was_asked_for(settings: Any, name: str) -> None:
    shared = DjangoDash("Shared")
    settings.PLOTLY_DASH = {"stateless_loader": lambda asked: shared}
    before = len(registry)
    assert registry[name] is shared
    assert len(registry) == before


def test_requests_at_once_wait_for_a_loader_and_get_one_complete_app(settings: Any) -> None:
    made = []

    def load(name: str) -> DjangoDash:
        app = DjangoDash(name)
        made.append(app)
        started.set()
        assert hesitate.wait(10)
        app.layout = html.Div("complete")
        return app

    started, hesitate = threading.Event(), threading.Event()
    settings.PLOTLY_DASH = {"stateless_loader": load}
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(lambda: registry["Loaded"])
        assert started.wait(10)
        assert "Loaded" not in registry  # it is not complete
        others = [pool.submit(lambda: registry["Loaded"]) for _ in range(3)]
        hesitate.set()
        apps = {first.result(), *(other.result() for other in others)}
    assert apps == set(made)
    assert len(made) == 1
    assert made[0].layout.children == "complete"
