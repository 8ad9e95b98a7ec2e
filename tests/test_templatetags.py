from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client, RequestFactory
from django.urls import clear_script_prefix, include, path, set_script_prefix

from django_plotly_dash import DjangoDash
from django_plotly_dash.exceptions import AppNotFoundError
from django_plotly_dash.models import DashApp, StatelessApp

from .site_urls import mount


def rendered(tag: str, **values: Any) -> str:
    return Template(f"{{% load plotly_dash %}}{{% {tag} %}}").render(Context(values))


@pytest.fixture
def sales() -> DjangoDash:
    return DjangoDash("Sales & more")


@pytest.fixture
def row(sales: DjangoDash, db: None) -> DashApp:
    stateless = StatelessApp.objects.create(app_name=sales.app_name)
    return DashApp.objects.create(stateless_app=stateless, instance_name="<Maria's>", slug="marias")


def test_a_frame_by_name(sales: DjangoDash) -> None:
    text = rendered('plotly_app name="Sales & more"')
    assert '<iframe src="/dash/app/sales-more/" title="Sales &amp; more" loading="lazy"' in text
    assert 'class="django-plotly-dash django-plotly-dash-iframe django-plotly-dash-app-sales-more"' in text
    assert text.startswith("<div ")
    assert "</iframe></div><script " in text


@pytest.mark.parametrize("argument", ['slug="marias"', "da=row"])
def test_a_frame_of_a_saved_instance(row: DashApp, argument: str) -> None:
    text = rendered(f"plotly_app {argument}", row=row)
    assert 'src="/dash/instance/marias/" title="&lt;Maria&#x27;s&gt;"' in text
    assert "django-plotly-dash-app-marias" in text


def test_a_frame_of_an_app_that_the_view_gives(sales: DjangoDash) -> None:
    assert 'src="/dash/app/sales-more/"' in rendered("plotly_app da=app", app=sales)


@pytest.mark.parametrize(("argument", "border"), [("", "0"), ("use_frameborder=True", "1"), ("use_frameborder=0", "0")])
def test_the_border_of_a_frame(sales: DjangoDash, argument: str, border: str) -> None:
    assert f'frameborder="{border}"' in rendered(f"plotly_app da=app {argument}", app=sales)


def test_what_a_template_gives_cannot_break_out_of_the_tag(sales: DjangoDash) -> None:
    text = rendered("plotly_app da=app title=evil", app=sales, evil='"><script>alert(1)</script>')
    assert "<script>" not in text


@pytest.mark.parametrize("tag", ["plotly_app", "plotly_app_identifier", "plotly_class"])
@pytest.mark.parametrize("arguments", ["", 'name="Echo" slug="echo"', "da=missing_from_the_context"])
def test_each_tag_needs_one_app(tag: str, arguments: str) -> None:
    with pytest.raises(ValueError, match="A tag needs one of name"):
        rendered(f"{tag} {arguments}")


@pytest.mark.parametrize("tag", ["plotly_app", "plotly_app_identifier", "plotly_class"])
@pytest.mark.django_db
def test_an_app_or_instance_that_is_not_there_raises(tag: str) -> None:
    with pytest.raises(AppNotFoundError, match="There is no DjangoDash app named 'no such app'"):
        rendered(f'{tag} name="no such app"')
    with pytest.raises(AppNotFoundError, match="There is no saved instance named 'nobodys'"):
        rendered(f'{tag} slug="nobodys"')


def test_an_argument_that_a_tag_does_not_have_is_refused() -> None:
    with pytest.raises(TemplateSyntaxError, match="unexpected keyword argument 'colour'"):
        rendered('plotly_app name="Echo" colour="red"')


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("da=app", "sales-more"),
        ('da=app postfix="2"', "sales-more-2"),
        ("da=row", "marias"),
        ('slug="marias"', "marias"),
    ],
)
def test_identifiers(sales: DjangoDash, row: DashApp, arguments: str, expected: str) -> None:
    assert rendered(f"plotly_app_identifier {arguments}", app=sales, row=row) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('name="Echo"', "django-plotly-dash django-plotly-dash-iframe django-plotly-dash-app-echo"),
        ('name="Echo" prefix="my"', "my my-iframe my-app-echo"),
        ('name="Echo" postfix="2"', "django-plotly-dash django-plotly-dash-iframe django-plotly-dash-app-echo-2"),
        ('name="Echo" prefix="my" template_type="card" postfix="2"', "my my-card my-app-echo-2"),
    ],
)
def test_classes(arguments: str, expected: str) -> None:
    assert rendered(f"plotly_class {arguments}") == expected


def test_the_sites_root() -> None:
    assert rendered("site_root_url") == "/"
    set_script_prefix("/sub/")
    try:
        assert rendered("site_root_url") == "/sub/"
        assert 'src="/sub/dash/app/echo/"' in rendered('plotly_app name="Echo"')
    finally:
        clear_script_prefix()


# --- in a page -------------------------------------------------------------------------------------------------------


def test_two_apps_on_a_page_and_the_sites_frame_option_is_untouched(settings: Any) -> None:
    settings.X_FRAME_OPTIONS = "DENY"
    page = Client().get("/frames/")
    frames = re.findall(r'<iframe src="([^"]*)"', page.text)
    assert frames == ["/dash/app/echo/", "/dash/app/second-app/"]
    assert page.headers["X-Frame-Options"] == "DENY"
    for frame in frames:
        framed = Client().get(frame)
        assert framed.status_code == 200
        assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"


OURS = path("dash/", include("django_plotly_dash.urls"))


def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse(
        Template('{% load plotly_dash %}{% plotly_app name="Echo" %}').render(Context({"request": request}))
    )


def test_a_page_under_the_namespace_of_one_mount_frames_the_app_of_that_mount(settings: Any) -> None:
    from django_plotly_dash.urls import urlpatterns

    ours = ([*urlpatterns, path("page/", page)], "the_django_plotly_dash")
    mount(settings, path("one/", include(ours)), path("two/", include(ours, namespace="second")), path("", page))
    assert 'src="/one/app/echo/"' in Client().get("/one/page/").text
    assert 'src="/two/app/echo/"' in Client().get("/two/page/").text
    assert 'src="/one/app/echo/"' in Client().get("/").text


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ([path("<slug:tenant>/", include([path("page/<int:number>/", page), OURS]))], "/blue/dash/app/echo/"),
        (
            [path("<slug:tenant>/dash/", include("django_plotly_dash.urls")), path("<slug:tenant>/page/7/", page)],
            "/blue/dash/app/echo/",
        ),
        ([path("blue/", include(([path("page/7/", page), OURS], "outer")))], "/blue/dash/app/echo/"),
    ],
)
def test_a_frame_is_found_below_captured_arguments_and_other_namespaces(
    settings: Any, where: list[Any], expected: str
) -> None:
    mount(settings, *where)
    assert f'src="{expected}"' in Client().get("/blue/page/7/").text


def test_a_page_may_say_which_mount_it_prefers(settings: Any) -> None:
    ours = "django_plotly_dash.urls"
    mount(settings, path("one/", include(ours)), path("two/", include(ours, namespace="second")))
    request = RequestFactory().get("/")
    request.current_app = "second"  # type: ignore[attr-defined]
    assert 'src="/two/app/echo/"' in rendered('plotly_app name="Echo"', request=request)
    assert 'src="/one/app/echo/"' in rendered('plotly_app name="Echo"', request=SimpleNamespace())


def test_templates_do_not_call_an_app(sales: DjangoDash) -> None:
    assert Template("{{ app.app_name }}").render(Context({"app": sales})) == "Sales &amp; more"
