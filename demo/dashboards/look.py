"""How charts look: the same on a light page and on a dark one."""

from __future__ import annotations

import plotly.graph_objects as go
import plotly.io as pio

_LINE = "rgba(128, 138, 152, 0.25)"
_AXIS = {
    "gridcolor": _LINE,
    "linecolor": _LINE,
    "zerolinecolor": _LINE,
    "automargin": True,
    "title": {"standoff": 12, "font": {"size": 13}},
}

pio.templates["demo"] = go.layout.Template(
    layout={
        "colorway": [
            "#4c7df0",
            "#f0803c",
            "#24a37c",
            "#c95ac0",
            "#e0a912",
            "#35a8cf",
        ],
        "font": {
            "family": "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', "
            "'Liberation Sans', Arial, sans-serif",
            "size": 13,
            "color": "#808a98",
        },
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {
            "orientation": "h",
            "title": {"text": ""},
            "yanchor": "bottom",
            "y": 1.02,
            "x": 0,
        },
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hoverlabel": {"font": {"size": 13}},
    }
)
pio.templates.default = "demo"

# The page of an app that has no style sheets, when a frame shows it.
FRAMED = """<!DOCTYPE html>
<html>
<head>
  {%metas%}<title>{%title%}</title>{%favicon%}{%css%}
  <style>
    :root { color-scheme: light dark; }
    body {
      margin: 0;
      background: light-dark(#fff, #1a1f26);
      color: light-dark(#1d2530, #e4e8ee);
      font: 16px/1.5 Inter, "Segoe UI", Roboto, "Helvetica Neue",
        "Liberation Sans", Arial, sans-serif;
    }
    button {
      padding: 0.3rem 0.9rem;
      border: 1px solid light-dark(#dfe3e8, #2d343e);
      border-radius: 6px;
      background: transparent;
      color: inherit;
      font: inherit;
      cursor: pointer;
    }
  </style>
</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>
"""
