"""dash-mantine-components: a provider, a select and a switch."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import Input, Output
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Studio")
app.layout = dmc.MantineProvider(
    [
        dmc.Select(
            id="brush",
            data=["round", "flat"],
            value="round",
            label="Brush",
            comboboxProps={"transitionProps": {"duration": 0}},
        ),
        dmc.Switch(id="wet", label="wet"),
        dmc.Text(id="stroke"),
    ],
    env="test",
)


@app.callback(Output("stroke", "children"), Input("brush", "value"), Input("wet", "checked"))
def stroke(brush: str, wet: bool | None) -> str:
    return f"{'wet' if wet else 'dry'} {brush} stroke"


def sees(view: Frame) -> None:
    expect(view.locator("#stroke")).to_have_text("dry round stroke")
    view.click("#brush")
    view.get_by_role("option", name="flat").click()
    expect(view.locator("#stroke")).to_have_text("dry flat stroke")
    view.check("#wet")
    expect(view.locator("#stroke")).to_have_text("wet flat stroke")
