"""Tags, and what they render, as text; ``tests/browser`` has what browsers do with it."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template, engines
from django.test import AsyncClient, Client, RequestFactory
from django.urls import include, path
from django.views.decorators.cache import cache_page
from jinja2 import Environment

from django_plotly_dash import csp, jinja2, own_files
from django_plotly_dash.exceptions import ConfigurationError, HandedOverError
from django_plotly_dash.models import DashApp, StatelessApp
from django_plotly_dash.templatetags.plotly_dash import register

from .site_clients import COLOURS, fetch
from .site_urls import mount, urls_made_again


def rendered(text: str, request: HttpRequest | None = None, **values: Any) -> str:
    return Template("{% load plotly_dash cache %}" + text).render(Context({"request": request, **values}))


def addresses(text: str) -> list[str]:
    """Where the apps of a page's mount elements are; nothing else may stand there."""
    found = [json.loads(html.unescape(value)) for value in re.findall(r'data-django-plotly-dash="([^"]*)"', text)]
    assert all(list(value) == ["url"] for value in found)
    return [value["url"] for value in found]


def needs(text: str) -> list[dict[str, Any]]:
    """What the apps of a page's mount elements answer that they need."""
    return [Client().get(f"{url}_dpd/config").json() for url in addresses(text)]


@pytest.fixture
def row(db: None) -> DashApp:
    stateless = StatelessApp.objects.create(app_name="Red")
    return DashApp.objects.create(stateless_app=stateless, instance_name="Mine", slug="mine")


# --- in the page -----------------------------------------------------------------------------------------------------


def test_an_element_says_where_its_app_is_and_the_app_what_it_needs() -> None:
    text = rendered('{% plotly_direct name="Red" %}')
    (found,) = needs(text)
    assert addresses(text) == ["/dash/app/red/"]
    sources = [script["src"] for script in found["scripts"]]
    order = ["/react@", "/react-dom@", "/assets/painter.js", "/dash_renderer.", "/_dpd/functions.js?v="]
    places = [next(number for number, source in enumerate(sources) if part in source) for part in order]
    assert places == sorted(places)
    optional = [script["src"] for script in found["scripts"] if "optional" in script]
    assert optional == [source for source in sources if "/_dash-component-suites/" not in source]
    assert [style["href"].partition("?")[0] for style in found["styles"]] == ["/dash/app/red/assets/red.css"]
    assert 'class="django-plotly-dash django-plotly-dash-direct django-plotly-dash-app-red"' in text
    assert text.count('<script src="/dash/_dpd/direct.') == 1


def test_several_tags_link_each_style_sheet_once() -> None:
    text = rendered('{% plotly_direct name="Red" %}{% for n in "ab" %}{% plotly_direct name="Blue" %}{% endfor %}')
    assert len(addresses(text)) == 3
    assert re.findall(r'<link rel="stylesheet" href="([^?]*)', text) == [
        "/dash/app/red/assets/red.css",
        "/dash/app/blue/assets/blue.css",
    ]


def test_each_rendering_of_a_template_is_complete() -> None:
    template = Template('{% load plotly_dash %}{% plotly_direct name="Red" %}')
    assert template.render(Context()) == template.render(Context())
    assert "red.css" in template.render(Context())


def test_the_same_under_a_loader_that_keeps_templates(settings: Any) -> None:
    loaders = [("django.template.loaders.cached.Loader", ["django.template.loaders.app_directories.Loader"])]
    settings.TEMPLATES = [{"BACKEND": settings.TEMPLATES[0]["BACKEND"], "OPTIONS": {"loaders": loaders}}]
    pages = [engines["django"].get_template("direct.html").render({}) for _ in range(2)]
    assert pages[0] == pages[1]
    assert len(addresses(pages[1])) == 3


def test_a_saved_instance_and_its_app_share_their_scripts(row: DashApp) -> None:
    text = rendered('{% plotly_direct name="Red" %}{% plotly_direct slug="mine" %}')
    app, instance = needs(text)
    assert addresses(text)[1] == "/dash/instance/mine/"
    keys = [[script.get("key", script["src"]) for script in found["scripts"]] for found in (app, instance)]
    assert keys[0] == keys[1]


def test_a_page_that_was_made_without_a_server() -> None:
    """As a preview is: no middleware has seen the request."""
    request = RequestFactory().get("/preview/")
    text = rendered('{% plotly_direct name="Red" %}{% plotly_app name="Red" %}', request)
    assert addresses(text) == ["/dash/app/red/"]
    assert 'src="/dash/app/red/"' in text


@pytest.mark.parametrize(("share", "status"), [(False, 400), (True, 200)])
def test_values_of_a_preview_are_nobodys_unless_they_are_shared(share: bool, status: int) -> None:
    request = RequestFactory().get("/preview/")
    text = rendered('{% plotly_direct name="Red" params=p share=share %}', request, p={"year": 1}, share=share)
    (url,) = addresses(text)
    assert Client().get(f"{url}_dash-layout").status_code == status


def test_nothing_of_a_visitor_stands_in_the_element(settings: Any) -> None:
    request = RequestFactory().get("/")
    request.csp_nonce = "one-visitors"  # type: ignore[attr-defined]
    text = rendered('{% plotly_direct name="Red" %}{% plotly_app name="Red" %}', request)
    assert "one-visitors" not in text
    assert "end_id" not in text


def test_a_cached_fragment_serves_another_visitor_and_another_page() -> None:
    fragment = '{% cache 60 fragment %}{% plotly_direct name="Blue" %}{% endcache %}'
    cache.clear()
    first = rendered('{% plotly_direct name="Blue" %}' + fragment)
    alone = rendered(fragment, RequestFactory().get("/other/"))
    cache.clear()
    assert alone in first
    assert "/_dpd/direct." in alone  # it brings the script, although another tag had brought it when it was made
    assert any("blue.css" in style["href"] for style in needs(alone)[0]["styles"])


@pytest.mark.parametrize("tag", ["plotly_app", "plotly_app_bootstrap", "plotly_direct"])
@pytest.mark.parametrize("how", ["{fragment}", "{{% include kept %}}"])
def test_values_for_one_visitor_are_not_put_into_a_cached_fragment(tag: str, how: str) -> None:
    cache.clear()
    inner = f'{{% load plotly_dash %}}{{% {tag} name="Red" params=p share=share %}}'
    fragment = f"{{% cache 60 values %}}{how.format(fragment=inner)}{{% endcache %}}"
    values: dict[str, Any] = {"p": {"of": "maria"}, "kept": Template(inner)}
    with pytest.raises(HandedOverError, match=r"a \{% cache %\} block would show them to others"):
        rendered(fragment, RequestFactory().get("/"), share=False, **values)
    shared = rendered(fragment, RequestFactory().get("/"), share=True, **values)
    assert rendered(fragment, RequestFactory().get("/other/"), share=True, p={"of": "bob"}) == shared
    cache.clear()


def _page_with_values(request: HttpRequest) -> HttpResponse:
    values = {"p": {"of": request.GET.get("of")}, "share": "share" in request.GET}
    return HttpResponse(rendered('{% plotly_direct name="Red" params=p share=share %}', request, **values))


@pytest.mark.parametrize("by", ["decorator", "middleware"])
def test_a_page_with_values_for_one_visitor_is_not_kept_by_djangos_cache(by: str, settings: Any) -> None:
    view: Any = cache_page(60)(_page_with_values) if by == "decorator" else _page_with_values
    if by == "middleware":
        caching = [f"django.middleware.cache.{name}CacheMiddleware" for name in ("Update", "FetchFrom")]
        settings.MIDDLEWARE = [caching[0], *settings.MIDDLEWARE, caching[1]]
    mount(settings, path("page/", view), path("dash/", include("django_plotly_dash.urls")))
    cache.clear()
    urls = []
    for _ in range(2):
        client = Client()
        (url,) = addresses(client.get("/page/?of=somebody").content.decode())
        assert client.get(f"{url}_dash-layout").status_code == 200
        urls.append(url)
    assert urls[0] != urls[1]
    kept = [Client().get("/page/?share=1&of=anybody") for _ in range(2)]
    cache.clear()
    assert "Expires" in kept[0].headers  # this one may be kept
    assert kept[0].content == kept[1].content


def test_a_request_that_is_wrapped_keeps_its_page_out_of_the_cache_too() -> None:
    """As Django REST framework wraps it."""
    inner = RequestFactory().get("/")

    class Wrapper:
        _request = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

    rendered('{% plotly_direct name="Red" params=p %}', Wrapper(), p={"of": "maria"})  # type: ignore[arg-type]
    assert inner._cache_update_cache is False  # type: ignore[attr-defined]


def test_a_cached_fragment_carries_no_nonce_to_another_page() -> None:
    cache.clear()
    fragment = "{% cache 60 scripts %}{% plotly_scripts %}{% plotly_message_pipe %}{% endcache %}"
    request = RequestFactory().get("/")
    request.csp_nonce = "of-this-page"  # type: ignore[attr-defined]
    kept = rendered(fragment, request)
    outside = rendered("{% plotly_scripts %}{% plotly_message_pipe %}", request)
    cache.clear()
    assert kept.count("<script") == outside.count('nonce="of-this-page"') == 3
    assert "of-this-page" not in kept


def test_values_of_a_page_are_in_the_address_of_an_app_and_not_in_those_of_its_files(row: DashApp) -> None:
    request = RequestFactory().get("/")
    tags = (
        "{% plotly_direct name='Red' params=values share=True %}"
        "{% plotly_direct slug='mine' params=values share=True %}"
    )
    text = rendered(tags, request, values={"year": 1})
    for url, found, base in zip(addresses(text), needs(text), ("app/red", "instance/mine"), strict=True):
        assert url.startswith(f"/dash/{base}/initial/")
        assert not [item for item in found["scripts"] + found["styles"] if "/initial/" in str(item)]
        own = [script["src"] for script in found["scripts"] if script["src"].startswith(f"/dash/{base}/")]
        assert any("/assets/" in source for source in own)
        assert all(Client().get(source).status_code == 200 for source in own)
        assert found["config"]["requests_pathname_prefix"] == url
        refused = Client().get(f"{url.replace('/initial/', '/initial/x')}_dpd/config")
        assert refused.status_code == 400
        assert refused.json()["error"].startswith("This address was changed")


def test_scripts_of_a_page_carry_its_nonce_where_the_page_asks_for_them() -> None:
    request = RequestFactory().get("/")
    request.csp_nonce = "this-visitors"  # type: ignore[attr-defined]
    text = rendered('{% plotly_scripts %}{% plotly_direct name="Red" %}{% plotly_app name="Red" %}', request)
    assert re.findall(r"<script src=\"/dash/_dpd/(\w+)[^>]*nonce=\"this-visitors\"", text) == ["direct", "frames"]
    assert text.count("<script") == 2


@pytest.mark.parametrize("tag", ["plotly_app", "plotly_app_bootstrap", "plotly_direct"])
@pytest.mark.parametrize("arguments", ["", 'name="Red" slug="red"'])
def test_each_tag_needs_one_app(tag: str, arguments: str) -> None:
    with pytest.raises(ValueError, match="A tag needs one of name"):
        rendered(f"{{% {tag} {arguments} %}}")


# --- what the element's script asks for ------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [False, True])
def test_the_configuration_comes_with_the_token(settings: Any, db: None, hidden: bool) -> None:
    settings.CSRF_COOKIE_HTTPONLY = hidden
    response = Client().get("/dash/app/red/_dpd/config")
    config = response.json()["config"]
    assert config["requests_pathname_prefix"] == "/dash/app/red/"
    assert config["update_title"] is None
    assert "websocket" not in config
    assert config["csrf_token_name"] in response.cookies
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Django-Plotly-Dash"] == "config"  # without it our script takes it for somebody's file


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["functions.js", "launcher.js"])
def test_inline_scripts_are_files_that_browsers_keep(name: str) -> None:
    (found,) = needs(
        rendered('{% plotly_direct name="Hooked" %}' if "launcher" in name else '{% plotly_direct name="Red" %}')
    )
    (source,) = (script["src"] for script in found["scripts"] if name in script["src"])
    response = Client().get(source)
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in response.headers["Cache-Control"]
    assert ("request_pre" if "launcher" in name else "[...(text || '')].reverse()") in response.content.decode()
    assert "Cache-Control" not in Client().get(source.partition("?")[0]).headers


async def test_the_same_from_an_event_loop() -> None:
    response = await AsyncClient().get("/dash/app/red/_dpd/config")
    assert response.json()["pages"] is False
    script = await AsyncClient().get(own_files.url(own_files.DIRECT, None) or "")
    assert b"djangoPlotlyDash" in script.content


def test_access_is_asked_for_as_for_any_url_of_the_app(settings: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": "django_plotly_dash.access.login_required"}
    mount(settings, path("dash/", include(urls_made_again())))
    for name in ("config", "functions.js", "launcher.js"):
        response = Client().get(f"/dash/app/red/_dpd/{name}")
        assert response.status_code == 302, name
    # Our own script tells nothing of any app.
    assert Client().get(own_files.url(own_files.DIRECT, None)).status_code == 200


@pytest.mark.parametrize("colour", COLOURS)
def test_scripts_of_ours_are_found_below_a_pattern_that_captures_arguments(settings: Any, colour: str) -> None:
    mount(settings, path("t/<slug:tenant>/dash/", include("django_plotly_dash.urls")))
    version = own_files.version(own_files.DIRECT)
    assert fetch(colour, f"/t/one/dash/_dpd/direct.{version}.js").status_code == 200


def test_scripts_of_ours_are_kept_by_their_hash() -> None:
    url = own_files.url(own_files.FRAMES, None)
    assert url is not None
    assert "immutable" in Client().get(url).headers["Cache-Control"]
    other = re.sub(r"\.\w{12}\.", ".0123456789ab.", url)
    assert Client().get(other).headers["Cache-Control"] == "no-cache"
    assert Client().get("/dash/_dpd/other.0123456789ab.js").status_code == 404


# --- frames ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", 'data-django-plotly-dash-frame="follow"'),
        ("ratio=0.5", 'data-django-plotly-dash-frame="ratio:0.5"'),
        ('ratio="0.25"', 'data-django-plotly-dash-frame="ratio:0.25"'),
        ("height=600", 'height="600"'),
        ('height="600px"', 'height="600"'),
        ('height="calc(100vh - 3rem)"', 'data-django-plotly-dash-frame="height:calc(100vh - 3rem)"'),
        ('height="80vh" ratio=1', 'data-django-plotly-dash-frame="height:80vh"'),
        ("use_frameborder=True", 'frameborder="1"'),
        ("", 'frameborder="0"'),
        ("", 'loading="lazy"'),
        ("", 'title="Red"'),
        ('title="Of sales"', 'title="Of sales"'),
        ("", "allow-forms allow-downloads allow-popups allow-modals"),
        ("", 'allow="clipboard-write; fullscreen"'),
    ],
)
def test_a_frame(arguments: str, expected: str) -> None:
    text = rendered(f'{{% plotly_app name="Red" {arguments} %}}')
    assert expected in text
    assert "style=" not in text


@pytest.mark.parametrize("ratio", ["0", "-1", '"nan"', '"wide"', '"inf"'])
def test_a_ratio_that_is_not_positive_is_refused(ratio: str) -> None:
    with pytest.raises(ValueError, match="it has to be a positive number, the frame's height by its width"):
        rendered(f'{{% plotly_app name="Red" ratio={ratio} %}}')


@pytest.mark.parametrize("height", ['"tall"', '"1px; color: red"', "-5"])
def test_a_height_that_is_no_length_is_refused(height: str) -> None:
    with pytest.raises(ValueError, match="it has to be a number of pixels or one CSS length"):
        rendered(f'{{% plotly_app name="Red" height={height} %}}')


def test_settings_of_frames(settings: Any) -> None:
    settings.PLOTLY_DASH = {"iframe_sandbox": None, "iframe_allow": None, "iframe_referrerpolicy": "no-referrer"}
    text = rendered('{% plotly_app name="Red" %}{% plotly_app_bootstrap name="Red" %}')
    assert text.count('referrerpolicy="no-referrer"') == 2
    assert "sandbox" not in text
    assert "allow=" not in text


def test_a_sandbox_in_which_no_app_works_is_refused(settings: Any) -> None:
    settings.PLOTLY_DASH = {"iframe_sandbox": "allow-forms allow-scripts"}
    with pytest.raises(ConfigurationError, match="without allow-same-origin: no Dash app works so"):
        rendered('{% plotly_app name="Red" %}')


def test_the_query_is_passed_on_only_if_wanted() -> None:
    request = RequestFactory().get("/?a=1&b=%3C2%3E")
    assert 'src="/dash/app/red/?a=1&amp;b=%3C2%3E"' in rendered('{% plotly_app name="Red" pass_query=True %}', request)
    assert 'src="/dash/app/red/?a=1' in rendered('{% plotly_app_bootstrap name="Red" pass_query=True %}', request)
    assert 'src="/dash/app/red/"' in rendered('{% plotly_app name="Red" %}', request)


@pytest.mark.parametrize("aspect", ["21by9", "16by9", "4by3", "1by1"])
def test_shapes_of_bootstrap_4_and_5(aspect: str) -> None:
    text = rendered(f'{{% plotly_app_bootstrap name="Red" aspect="{aspect}" %}}')
    assert f"embed-responsive embed-responsive-{aspect} ratio ratio-{aspect.replace('by', 'x')}" in text
    assert '<iframe class="embed-responsive-item"' in text
    assert "django-plotly-dash-app-red" in text


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="aspect is '5by4'; it has to be one of: 21by9, 16by9, 4by3, 1by1"):
        rendered('{% plotly_app_bootstrap name="Red" aspect="5by4" %}')


# --- Jinja2 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "plotly_app(name='Red', height=300)",
        "plotly_app_bootstrap(name='Red', aspect='1by1')",
        "plotly_direct(name='Red')",
        "plotly_scripts()",
        "plotly_message_pipe(url='/ws/')",
        "plotly_class(name='Red')",
        "plotly_app_identifier(name='Red', postfix='2')",
        "plotly_header()",
        "plotly_footer()",
        "site_root_url()",
    ],
)
def test_jinja2_has_functions_of_the_tags_names(call: str) -> None:
    name, _, arguments = call.partition("(")
    tag = f"{{% {name} {arguments.rstrip(')').replace(',', '')} %}}"
    environment = jinja2.add_to(Environment(autoescape=True))
    request = RequestFactory().get("/")
    assert environment.from_string(f"{{{{ {call} }}}}").render(request=request) == rendered(tag, request)


def test_jinja2_has_a_function_for_each_tag() -> None:
    assert set(jinja2.functions()) == set(register.tags)


# --- nonces ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<script>a</script>", '<script nonce="n">a</script>'),
        ('<SCRIPT src="x"></SCRIPT>', '<SCRIPT nonce="n" src="x"></SCRIPT>'),
        ("<style>a</style>", '<style nonce="n">a</style>'),
        ('<link rel="stylesheet" href="x">', '<link nonce="n" rel="stylesheet" href="x">'),
        ('<link rel="icon" href="x">', '<link rel="icon" href="x">'),
        ('<script nonce="other">a</script>', '<script nonce="other">a</script>'),
        ('<script>"<style>"</script>', '<script nonce="n">"<style>"</script>'),
        ("<!-- <script>a</script> -->", "<!-- <script>a</script> -->"),
        ("<scripture>", "<scripture>"),
    ],
)
def test_a_nonce_comes_into_a_page(page: str, expected: str) -> None:
    assert csp.with_nonce(page, "n") == expected
    assert csp.with_nonce(page, None) == page


def test_a_nonce_cannot_break_out_of_its_attribute() -> None:
    assert csp.with_nonce("<script></script>", '"><b>') == '<script nonce="&quot;&gt;&lt;b&gt;"></script>'


def test_a_request_without_a_policy_has_no_nonce() -> None:
    assert csp.nonce_of(None) is None
    assert csp.nonce_of(RequestFactory().get("/")) is None
