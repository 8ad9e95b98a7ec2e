"""external_stylesheets and external_scripts, with attributes, and the assets folder beside them."""

from __future__ import annotations

from dash import html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

# A site's own files stand for those of another host, so that the example works offline.
STYLE = "data:text/css,.outside{letter-spacing:3px}"
SCRIPT = "data:text/javascript,window.weather='sunny'"

app = DjangoDash(
    "Dressed app",
    external_stylesheets=[
        STYLE,
        {"href": "data:text/css,.outside{text-indent:7px}", "rel": "stylesheet", "media": "all"},
    ],
    external_scripts=[{"src": SCRIPT, "data-kind": "weather"}],
)
app.layout = html.Div(
    [html.P("styled", className="outside inside"), html.Img(id="logo", src=app.get_asset_url("logo.svg"))]
)


def sees(view: Frame) -> None:
    text = view.locator("p.outside")
    expect(text).to_have_css("letter-spacing", "3px")
    expect(text).to_have_css("text-indent", "7px")
    expect(text).to_have_css("color", "rgb(10, 120, 60)")
    assert view.evaluate("window.weather") == "sunny"
    assert view.evaluate("window.order") == ["first", "second"]
    expect(view.locator("script[data-kind=weather]")).to_have_count(1)
    assert view.locator("#logo").evaluate("image => image.decode().then(() => image.naturalWidth)") == 30
