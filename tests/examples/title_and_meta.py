"""title, update_title and meta_tags."""

from __future__ import annotations

import threading

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

done = threading.Event()

app = DjangoDash(
    "Titled app",
    title="Harvest",
    update_title="Counting...",
    meta_tags=[{"name": "description", "content": "what the fields gave"}, {"name": "robots", "content": "noindex"}],
)
app.layout = html.Div([dcc.Input(id="field", value="rye"), html.P(id="yield")])


@app.callback(Output("yield", "children"), Input("field", "value"), prevent_initial_call=True)
def count(field: str) -> str:
    done.wait(20)
    return f"much {field}"


def sees(view: Frame) -> None:
    done.clear()
    expect(view.locator("meta[name=description]")).to_have_attribute("content", "what the fields gave")
    expect(view.locator("meta[name=robots]")).to_have_attribute("content", "noindex")
    view.wait_for_function("document.title === 'Harvest'")
    view.fill("#field", "oats")
    view.wait_for_function("document.title === 'Counting...'")
    done.set()
    expect(view.locator("#yield")).to_have_text("much oats")
    view.wait_for_function("document.title === 'Harvest'")
