"""A figure with frames: its play button moves the bars."""

from __future__ import annotations

import plotly.express as px
from dash import dcc
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

figure = px.bar(
    {"year": [2001, 2001, 2002, 2002], "cat": ["Tom", "Kit"] * 2, "mice": [1, 5, 8, 2]},
    x="cat",
    y="mice",
    animation_frame="year",
    range_y=[0, 10],
)
figure.layout.updatemenus[0].buttons[0].args[1]["frame"]["duration"] = 20
figure.layout.updatemenus[0].buttons[0].args[1]["transition"]["duration"] = 0

app = DjangoDash("Mouse hunt")
app.layout = dcc.Graph(id="hunt", figure=figure)


def sees(view: Frame) -> None:
    expect(view.locator("#hunt .slider-label").first).to_have_text("year=2001")
    view.locator("#hunt .updatemenu-button").first.click()
    expect(view.locator("#hunt .slider-label").first).to_have_text("year=2002")
    view.wait_for_function("document.querySelector('#hunt .js-plotly-plot')._fullData[0].y[0] === 8")
