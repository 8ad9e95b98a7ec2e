"""The middleware that sites of the older package have."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from dash import html
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import Context, RequestContext, Template
from django.test import AsyncRequestFactory, RequestFactory

from django_plotly_dash import DjangoDash, middleware
from django_plotly_dash.middleware import BaseMiddleware, ExternalRedirectionMiddleware

from . import static_site

PAGE = """{% load plotly_dash %}<html><head><title>T</title>{% plotly_header %}</head>
<body><p>{{ app }} first</p>{% plotly_direct da=one %}<p>between</p>{% plotly_direct da=two %}{% plotly_direct da=one %}
<footer>{% plotly_footer %}</footer></body></html>"""


@pytest.fixture
def pair() -> tuple[DjangoDash, DjangoDash]:
    one = DjangoDash("One of two", external_stylesheets=["https://cdn.example.com/one.css", "/both.css?a=1&b=2"])
    two = DjangoDash("Two of two", external_stylesheets=[{"href": "/two.css", "media": "print"}, "/both.css?a=1&b=2"])
    for app in (one, two):
        app.layout = html.Div()
    return one, two


@pytest.fixture(params=[False, True], ids=["WSGI", "ASGI"])
def answer(request: pytest.FixtureRequest) -> Any:
    """Put a middleware around a response, in both colours."""

    def wrapped(kind: type, response: Any) -> Any:
        if not request.param:
            return kind(lambda request: response)(RequestFactory().get("/"))

        async def view(request: HttpRequest) -> Any:
            return response

        return async_to_sync(kind(view))(AsyncRequestFactory().get("/"))

    return wrapped


def rendered(pair: tuple[DjangoDash, DjangoDash], template: str = PAGE) -> str:
    context = RequestContext(RequestFactory().get("/"), {"one": pair[0], "two": pair[1], "app": "<b>ä"})
    return Template(template).render(context)


def without(text: str) -> str:
    """What of a page is not ours to move."""
    return re.sub(r"<(link|script) [^>]*data-django-plotly-dash-part[^>]*>(</script>)?|<!-- django.*?-->", "", text)


def test_styles_move_to_the_head_and_scripts_to_the_end(pair: Any, answer: Any) -> None:
    page = rendered(pair)
    response = answer(BaseMiddleware, HttpResponse(page))
    head, _, body = response.text.partition("</head>")
    assert [re.search(r'href="([^"]*)"', link)[1] for link in re.findall("<link [^>]*>", head)] == [  # type: ignore[index]
        "https://cdn.example.com/one.css",
        "/both.css?a=1&amp;b=2",
        "/two.css",
    ]
    assert 'media="print"' in head
    assert "<link" not in body
    main, _, foot = body.partition("<footer>")
    assert "<script" not in main
    assert len(re.findall("<script ", foot)) == 1
    assert body.count("data-django-plotly-dash=") == 3
    assert without(response.text) == without(page)
    assert "<!--" not in response.text


def test_without_it_the_tags_leave_everything_with_the_apps(pair: Any) -> None:
    page = rendered(pair)
    head, _, body = page.partition("</head>")
    assert "<link" not in head
    assert body.index("/both.css") < body.index("data-django-plotly-dash=")
    assert "<script" in body.partition("<footer>")[0]


@pytest.mark.parametrize(("kept", "stays"), [("plotly_header", "<script"), ("plotly_footer", "<link")])
def test_one_of_the_tags_moves_its_part_only(pair: Any, answer: Any, kept: str, stays: str) -> None:
    other = {"plotly_header": "plotly_footer", "plotly_footer": "plotly_header"}[kept]
    response = answer(BaseMiddleware, HttpResponse(rendered(pair, PAGE.replace(f"{{% {other} %}}", ""))))
    main = response.text.partition("</head>")[2].partition("<footer>")[0]
    assert stays in main
    assert {"<script", "<link"} - {stays} == {part for part in ("<script", "<link") if part not in main}


def test_a_cached_part_of_a_page_is_moved_too(pair: Any, answer: Any) -> None:
    cached = rendered(pair, "{% load plotly_dash %}{% plotly_direct da=one %}")
    page = rendered(pair, PAGE.replace("{% plotly_direct da=two %}", cached))
    response = answer(BaseMiddleware, HttpResponse(page))
    head, _, body = response.text.partition("</head>")
    assert head.count("one.css") == 1
    assert "<link" not in body


def test_pages_without_apps_lose_the_marks_and_nothing_else(pair: Any, answer: Any) -> None:
    page = rendered(
        pair, "{% load plotly_dash %}{% plotly_header %}<link href='/a.css'><script>1</script>{% plotly_footer %}"
    )
    assert answer(BaseMiddleware, HttpResponse(page)).text == "<link href='/a.css'><script>1</script>"


def test_the_length_is_right_and_so_is_the_charset(pair: Any, answer: Any) -> None:
    page = rendered(pair)
    response = HttpResponse(page.encode("latin-1"), content_type="text/html; charset=latin-1")
    response.headers["Content-Length"] = str(len(response.content))
    changed = answer(BaseMiddleware, response)
    assert changed.headers["Content-Length"] == str(len(changed.content))
    assert "&lt;b&gt;ä first".encode("latin-1") in changed.content


MARKED = "<!-- django-plotly-dash: styles --><link data-django-plotly-dash-part>"


@pytest.mark.parametrize(
    "make",
    [
        lambda: HttpResponse(MARKED, content_type="application/json"),
        lambda: HttpResponse(MARKED, content_type=""),
        lambda: HttpResponse(MARKED, headers={"Content-Encoding": "gzip"}),
        lambda: HttpResponse(b"\xff\xfe" + MARKED.encode(), content_type="text/html; charset=utf-8"),
        lambda: HttpResponse(MARKED.encode(), content_type="text/html; charset=unheard-of"),
        lambda: HttpResponse("<html>no app here</html>"),
    ],
    ids=["JSON", "no type", "compressed", "no text", "no such charset", "no marks"],
)
def test_other_responses_stay_as_they_are(answer: Any, make: Any) -> None:
    response = make()
    before = response.content
    assert answer(BaseMiddleware, response) is response
    assert response.content == before


def test_streams_and_files_are_not_read(answer: Any, tmp_path: Any) -> None:
    def forbidden() -> Any:
        raise AssertionError("the stream was read")
        yield

    answer(BaseMiddleware, StreamingHttpResponse(forbidden(), content_type="text/html"))
    path = tmp_path / "page.html"
    path.write_text(MARKED)
    with path.open("rb") as file:
        response = answer(BaseMiddleware, FileResponse(file, content_type="text/html"))
        assert b"".join(response.streaming_content) == MARKED.encode()


def test_a_frame_needs_neither_tag(pair: Any) -> None:
    text = Template("{% load plotly_dash %}{% plotly_header %}{% plotly_footer %}").render(Context())
    assert re.sub("<!--.*?-->", "", text) == ""


# --- files of CDNs ----------------------------------------------------------------------------------------------------

CDN = "https://stackpath.bootstrapcdn.com/bootstrap/4.3.1/css"
HASH = "sha384-ggOyR0iXCbMQv3Xipma34MD+dH/1fQ784/j6cY/iJTQUOhcWr7x9JvoRxT2MZw1T"
EXTERNAL = f'<link href="{CDN}/bootstrap.min.css" integrity="{HASH}"><a href="https://elsewhere.example.com/css">'


def test_files_of_a_cdn_become_the_sites_own(answer: Any) -> None:
    response = answer(ExternalRedirectionMiddleware, HttpResponse(EXTERNAL))
    assert response.text == (
        '<link href="/static/dpd_static_support/css/bootstrap.min.css" ><a href="https://elsewhere.example.com/css">'
    )


def test_a_file_that_has_not_been_collected_stays_the_cdns(answer: Any, settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    settings.STATIC_ROOT = "/nowhere"
    assert f'href="{CDN}/bootstrap.min.css"' in answer(ExternalRedirectionMiddleware, HttpResponse(EXTERNAL)).text


def test_the_files_are_where_the_package_says(settings: Any, tmp_path: Path) -> None:
    static_site.use_static_files(settings, tmp_path)
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "dpd_static_support"]
    names = static_site.collect()
    page = " ".join(f'src="{address}/{name}"' for address, name in IN_PACKAGE)
    served = ExternalRedirectionMiddleware(lambda request: HttpResponse(page))(HttpRequest()).text
    found = re.findall(r'src="/static/([^"]+)"', served)
    assert len(found) == len(IN_PACKAGE)
    assert set(found) <= names


IN_PACKAGE = (
    (CDN, "bootstrap.min.css"),
    ("https://stackpath.bootstrapcdn.com/bootstrap/4.3.1/js", "bootstrap.min.js"),
    ("https://cdnjs.cloudflare.com/ajax/libs/popper.js/1.14.7/umd", "popper.min.js"),
)


def test_without_the_package_nothing_changes(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dpd_static_support", None)  # as if it were not installed
    middleware._substitutes.cache_clear()
    assert answer(ExternalRedirectionMiddleware, HttpResponse(EXTERNAL)).text == EXTERNAL
    middleware._substitutes.cache_clear()
