"""A page of one's own with index_string."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Framed picture", title="A picture")
app.index_string = """<!DOCTYPE html>
<html lang="fr">
    <head>{%metas%}<title>{%title%} in a frame</title>{%favicon%}{%css%}</head>
    <body>
        <header>Above the app</header>
        {%app_entry%}
        <footer>{%config%}{%scripts%}{%renderer%}Below the app</footer>
    </body>
</html>"""
app.layout = html.Div([dcc.Input(id="text", value="oil"), html.P(id="painted")])


@app.callback(Output("painted", "children"), Input("text", "value"))
def paint(text: str) -> str:
    return f"painted in {text}"


def sees(view: Frame) -> None:
    expect(view.locator("header")).to_have_text("Above the app")
    expect(view.locator("footer")).to_contain_text("Below the app")
    expect(view.locator("html")).to_have_attribute("lang", "fr")
    expect(view.locator("#painted")).to_have_text("painted in oil")
    view.fill("#text", "chalk")
    expect(view.locator("#painted")).to_have_text("painted in chalk")
