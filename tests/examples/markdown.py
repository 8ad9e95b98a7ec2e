"""dcc.Markdown: text, links, highlighted code and mathematics, in chunks that are fetched when needed."""

from __future__ import annotations

from dash import Input, Output, dcc, html
from playwright.sync_api import Frame, expect

from django_plotly_dash import DjangoDash

TEXT = """
# Recipe

Take **two** onions, or [more](#more).

| thing | grams |
|-------|-------|
| salt  | 3     |

```python
onions = 2 + 1
```

Their mass is $m_1 + m_2$.
"""

app = DjangoDash("Cook book")
app.layout = html.Div(
    [dcc.Markdown(TEXT, id="recipe", mathjax=True), dcc.Input(id="star", value="*soft*"), dcc.Markdown(id="typed")]
)


@app.callback(Output("typed", "children"), Input("star", "value"))
def typed(text: str) -> str:
    return text


def sees(view: Frame) -> None:
    recipe = view.locator("#recipe")
    expect(recipe.locator("h1")).to_have_text("Recipe")
    expect(recipe.locator("strong")).to_have_text("two")
    expect(recipe.locator("td")).to_have_text(["salt", "3"])
    expect(recipe.locator("code .hljs-number")).to_have_text(["2", "1"])
    expect(recipe.locator("mjx-container svg").first).to_be_visible()
    view.fill("#star", "**hard**")
    expect(view.locator("#typed strong")).to_have_text("hard")
