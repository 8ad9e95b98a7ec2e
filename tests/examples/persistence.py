"""persistence keeps what a visitor has put in, over a reload."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Preferences")
app.layout = html.Div(
    [
        dcc.Input(id="nick", value="nobody", persistence=True),
        dcc.RadioItems(["light", "dark"], "light", id="theme", persistence="v1", persistence_type="session"),
        dcc.Input(id="fleeting", value="gone", type="text"),
        html.P(id="shown"),
    ]
)


@app.callback(Output("shown", "children"), Input("nick", "value"), Input("theme", "value"), Input("fleeting", "value"))
def show(*values: str) -> str:
    return " ".join(values)


def sees(view: Frame) -> None:
    expect(view.locator("#shown")).to_have_text("nobody light gone")
    view.fill("#nick", "fox")
    view.fill("#fleeting", "here")
    view.locator("#theme").get_by_text("dark").click()
    expect(view.locator("#shown")).to_have_text("fox dark here")
    view.goto(view.url)
    expect(view.locator("#shown")).to_have_text("fox dark gone")
