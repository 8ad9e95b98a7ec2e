"""dcc.ConfirmDialog and its provider: the visitor says yes or no."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Dialog, Frame, expect

from django_plotly_dash import DjangoDash

app = DjangoDash("Eraser")
app.layout = html.Div(
    [
        html.Button("erase", id="erase"),
        dcc.ConfirmDialog(id="really", message="Erase everything?"),
        dcc.ConfirmDialogProvider(html.Button("burn"), id="burn", message="Burn the paper?"),
        html.P(id="answer"),
        html.P(id="burnt"),
    ]
)


@app.callback(Output("really", "displayed"), Input("erase", "n_clicks"), prevent_initial_call=True)
def ask(clicks: int) -> bool:
    return True


@app.callback(
    Output("answer", "children"),
    Input("really", "submit_n_clicks"),
    Input("really", "cancel_n_clicks"),
    prevent_initial_call=True,
)
def answer(yes: int | None, no: int | None) -> str:
    return f"{yes or 0} yes, {no or 0} no"


@app.callback(Output("burnt", "children"), Input("burn", "submit_n_clicks"), prevent_initial_call=True)
def burn(clicks: int) -> str:
    return "ashes"


def sees(view: Frame) -> None:
    asked: list[str] = []

    def reply(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss() if len(asked) == 1 else dialog.accept()

    view.page.on("dialog", reply)
    try:
        view.click("#erase")
        expect(view.locator("#answer")).to_have_text("0 yes, 1 no")
        view.click("#erase")
        expect(view.locator("#answer")).to_have_text("1 yes, 1 no")
        view.get_by_role("button", name="burn").click()
        expect(view.locator("#burnt")).to_have_text("ashes")
    finally:
        view.page.remove_listener("dialog", reply)
    assert asked == ["Erase everything?", "Erase everything?", "Burn the paper?"]
