"""ctx.triggered_id says which input started the callback, also among components with dict ids."""

from __future__ import annotations

from typing import Any

from dash import ALL, Input, Output, ctx, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Keypad")
app.layout = html.Div(
    [
        *(html.Button(key, id={"kind": "key", "name": key}) for key in "abc"),
        html.Button("clear", id="clear"),
        html.P(id="pressed"),
    ]
)


@app.callback(
    Output("pressed", "children"), Input({"kind": "key", "name": ALL}, "n_clicks"), Input("clear", "n_clicks")
)
def press(keys: list[Any], clear: int | None) -> str:
    match ctx.triggered_id:
        case None:
            return "nothing pressed"
        case "clear":
            return "cleared"
        case key:
            return f"pressed {key.name}, {ctx.triggered[0]['value']} times"


def sees(view: Frame) -> None:
    pressed = view.locator("#pressed")
    expect(pressed).to_have_text("nothing pressed")
    view.get_by_role("button", name="b").click()
    expect(pressed).to_have_text("pressed b, 1 times")
    view.get_by_role("button", name="b").click()
    expect(pressed).to_have_text("pressed b, 2 times")
    view.click("#clear")
    expect(pressed).to_have_text("cleared")
