"""dcc.DatePickerSingle and dcc.DatePickerRange: typed and picked in the calendar."""

from __future__ import annotations

from datetime import date

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Holiday planner")
app.layout = html.Div(
    [
        dcc.DatePickerSingle(id="day", date=date(2024, 3, 5), display_format="YYYY-MM-DD"),
        dcc.DatePickerRange(id="trip", start_date=date(2024, 6, 3), end_date=date(2024, 6, 7)),
        html.P(id="weekday"),
        html.P(id="length"),
    ]
)


@app.callback(Output("weekday", "children"), Input("day", "date"))
def weekday(day: str) -> str:
    return f"a {date.fromisoformat(day):%A}"


@app.callback(Output("length", "children"), Input("trip", "start_date"), Input("trip", "end_date"))
def length(start: str, end: str) -> str:
    return f"{(date.fromisoformat(end) - date.fromisoformat(start)).days} nights"


def sees(view: Frame) -> None:
    expect(view.locator("#weekday")).to_have_text("a Tuesday")
    expect(view.locator("#length")).to_have_text("4 nights")
    view.click("#day")
    view.locator(".dash-datepicker-content td").get_by_text("20", exact=True).first.click()
    expect(view.locator("#weekday")).to_have_text("a Wednesday")
    expect(view.locator("#day")).to_have_value("2024-03-20")
    view.fill("#day", "2024-02-29")
    view.press("#day", "Enter")
    expect(view.locator("#weekday")).to_have_text("a Thursday")
