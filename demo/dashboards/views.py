"""The pages: each shows one or two apps and the source of each."""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass, field
from types import ModuleType

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString

from . import (
    counter,
    monitor,
    simple_example,
    stock_gains,
    stock_prices,
    tips,
    visitor,
    world,
)
from .highlight import highlighted


@dataclass(frozen=True)
class Shown:
    """An app on a page: its name, its frame's height, its module."""

    name: str
    height: str
    module: ModuleType

    @property
    def tag(self) -> str:
        """What stands in the template."""
        return (
            f'{{% plotly_app name="{self.name}" height="{self.height}" %}}'
        )

    @property
    def file(self) -> str:
        return f"{self.module.__name__.replace('.', '/')}.py"

    @property
    def source(self) -> SafeString:
        return highlighted(inspect.getsource(self.module))


@dataclass(frozen=True)
class Demo:
    """A page."""

    slug: str
    title: str
    sentence: str
    apps: list[Shown] = field(default_factory=list)


DEMOS = [
    Demo(
        "simple",
        "A first app",
        "A dropdown, a choice of sizes, and one callback that draws what "
        "was chosen.",
        [Shown("SimpleExample", "560px", simple_example)],
    ),
    Demo(
        "world",
        "World development",
        "Wealth and health of 142 countries from 1952 to 2007. Point at a "
        "country to see its history.",
        [Shown("World", "680px", world)],
    ),
    Demo(
        "stocks",
        "Two apps on a page",
        "Two apps, each in a frame of its own, on the same share prices; "
        "the second one's callback is a coroutine.",
        [
            Shown("StockPrices", "460px", stock_prices),
            Shown("StockGains", "460px", stock_gains),
        ],
    ),
    Demo(
        "visitor",
        "Who is asking",
        "The layout knows the user, and a callback counts votes in the "
        "visitor's session. Log in and the app greets you by name.",
        [Shown("Visitor", "560px", visitor)],
    ),
    Demo(
        "tips",
        "Bootstrap components",
        "Cards and columns of dash-bootstrap-components around what guests "
        "of a restaurant left on the table.",
        [Shown("Tips", "640px", tips)],
    ),
    Demo(
        "monitor",
        "A live monitor",
        "A callback that goes on for as long as the page is open, and "
        "shows what it finds over a websocket.",
        [Shown("Monitor", "520px", monitor)],
    ),
    Demo(
        "counter",
        "One number for all",
        "What one visitor clicks, all visitors see: the new number comes "
        "through a pipe.",
        [Shown("Counter", "360px", counter)],
    ),
]

if os.environ.get("REDIS_URL"):
    from . import report

    DEMOS.append(
        Demo(
            "report",
            "A job that reports",
            "A Celery worker writes a report, and tells the page through "
            "a pipe how far it is.",
            [Shown("Report", "360px", report)],
        )
    )


def index(request: HttpRequest) -> HttpResponse:
    """All demos, with a sentence each."""
    return render(request, "dashboards/index.html", {"demos": DEMOS})


def demo(request: HttpRequest, slug: str) -> HttpResponse:
    """One demo."""
    for found in DEMOS:
        if found.slug == slug:
            context = {"demo": found, "demos": DEMOS}
            return render(request, "dashboards/demo.html", context)
    raise Http404(f"There is no demo {slug!r}.")
