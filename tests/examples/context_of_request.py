"""ctx knows the request: path, headers, cookies; and ctx.response can set a cookie."""

from __future__ import annotations

from urllib.parse import urlsplit

from dash import Input, Output, ctx, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Cookie jar")
app.layout = html.Div([html.Button("bake", id="bake"), html.P(id="jar"), html.P(id="agent"), html.P(id="path")])


@app.callback(
    Output("jar", "children"), Output("agent", "children"), Output("path", "children"), Input("bake", "n_clicks")
)
def bake(clicks: int | None) -> tuple[str, bool, str]:
    ctx.response.set_cookie("biscuits", str(clicks or 0))
    return ctx.cookies.get("biscuits", "none"), "Chrom" in ctx.headers["User-Agent"], ctx.path


def sees(view: Frame) -> None:
    expect(view.locator("#jar")).to_have_text("none")
    expect(view.locator("#path")).to_contain_text(f"{urlsplit(view.url).path}_dash-update-component")
    view.click("#bake")
    expect(view.locator("#jar")).to_have_text("0")
    view.click("#bake")
    expect(view.locator("#jar")).to_have_text("1")
