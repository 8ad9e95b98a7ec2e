"""The pages: each shows one or two apps and the source of each."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.utils.safestring import SafeString
from django_plotly_dash.views import add_to_session

from . import (
    counter,
    country,
    dice,
    files,
    monitor,
    ranking,
    report,
    savings,
    session_counter,
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
    """An app on a page: its name, its frame's height, its module; the slug
    of a saved instance if that is what is shown; more of the tag."""

    name: str
    height: str
    module: ModuleType
    slug: str = ""
    more: str = ""

    @property
    def tag(self) -> str:
        """What stands in the template."""
        which = (
            f'slug="{self.slug}"' if self.slug else f'name="{self.name}"'
        )
        height = f' height="{self.height}"' if self.height else ""
        more = f" {self.more}" if self.more else ""
        return f"{{% plotly_app {which}{height}{more} %}}"

    @property
    def frame_tag(self) -> str:
        """The same for a frame that follows its app."""
        return f'{{% plotly_app name="{self.name}" %}}'

    @property
    def direct_tag(self) -> str:
        """The same without a frame."""
        return f'{{% plotly_direct name="{self.name}" %}}'

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
    template: str = "dashboards/demo.html"


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
        "session",
        "Page and app share a session",
        "The page's view counts in the session how often it was opened, "
        "and the app's callback reads that and adds counts of its own.",
        [Shown("SessionCounter", "460px", session_counter)],
    ),
    Demo(
        "handed",
        "Handed over by the page",
        "The page's view chooses the country that the dropdown begins "
        "with, and what is measured. Follow a link, reload, go back.",
        [
            Shown(
                "Country",
                "520px",
                country,
                more="initial_arguments=arguments params=params",
            )
        ],
    ),
    Demo(
        "state",
        "Saved state",
        "A saved instance: its sliders stay where they were left, for "
        "everybody. Open this page in two windows, move one, reload the "
        "other.",
        [Shown("Savings", "560px", savings, slug="our-plan")],
    ),
    Demo(
        "tips",
        "Bootstrap components",
        "Cards and columns of dash-bootstrap-components around what guests "
        "of a restaurant left on the table.",
        [Shown("Tips", "640px", tips)],
    ),
    Demo(
        "in-page",
        "Without a frame",
        "One app four times: twice in the page itself, once in a frame, "
        "and once in a fragment that comes and goes.",
        [Shown("Dice", "", dice)],
        "dashboards/in_page.html",
    ),
    Demo(
        "frames",
        "Frames that fit",
        "A frame is as tall as its app, also while the app grows and "
        "shrinks, or as the page says.",
        [Shown("Ranking", "", ranking)],
        "dashboards/frames.html",
    ),
    Demo(
        "strict",
        "A strict policy",
        "The page's Content-Security-Policy allows no inline script and no "
        "eval. The app has a callback that runs in the browser all the "
        "same.",
        [Shown("Dice", "", dice)],
        "dashboards/strict.html",
    ),
    Demo(
        "files",
        "Where files come from",
        "The app lists what its page has loaded. Started with "
        "DEMO_STATICFILES=1, the demo serves it with its other static "
        "files instead.",
        [Shown("Files", "", files)],
    ),
    Demo(
        "jinja2",
        "Templates of Jinja2",
        "The same tags, as functions.",
        [Shown("Dice", "", dice)],
        "dashboards/jinja2.html",
    ),
    Demo(
        "previews",
        "Previews and caches",
        "An app in the draft of an article, and one in a part of the page "
        "that the cache keeps.",
        [Shown("Dice", "", dice)],
        "dashboards/previews.html",
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
    Demo(
        "report",
        "A job that reports",
        "A job tells the page through a pipe how far it is. It runs in a "
        "thread of this server, or in a Celery worker where REDIS_URL "
        "names a Redis.",
        [Shown("Report", "360px", report)],
    ),
]


def index(request: HttpRequest) -> HttpResponse:
    """All demos, with a sentence each."""
    return render(request, "dashboards/index.html", {"demos": DEMOS})


def demo(request: HttpRequest, slug: str) -> HttpResponse:
    """One demo."""
    found = _demo(slug)
    context = {"demo": found, "demos": DEMOS, "sevens": SEVENS}
    return render(request, found.template, context)


# What a page hands to the app Dice: throws to begin with
SEVENS = {"sums": {"data": [7] * 5}}


def jinja2(request: HttpRequest) -> HttpResponse:
    """The demo whose apps stand in a template of Jinja2."""
    template: Any = engines["jinja2"].get_template("dashboards/apps.html")
    source = Path(template.template.filename)
    context = {
        "demo": _demo("jinja2"),
        "demos": DEMOS,
        "main": template.render({}, request),
        "template_name": "dashboards/jinja2/dashboards/apps.html",
        "template_source": source.read_text(),
    }
    return render(request, "dashboards/jinja2.html", context)


def session(request: HttpRequest) -> HttpResponse:
    """The demo whose view counts in the session."""
    return add_to_session(
        request,
        "dashboards/demo.html",
        demo=_demo("session"),
        demos=DEMOS,
    )


CHOICES = {
    "Life in Norway": ("Norway", "lifeExp"),
    "Life in Rwanda": ("Rwanda", "lifeExp"),
    "Wealth of Japan": ("Japan", "gdpPercap"),
    "People of Brazil": ("Brazil", "pop"),
}


def handed(request: HttpRequest) -> HttpResponse:
    """The demo whose view hands values to the app."""
    chosen = request.GET.get("show", "")
    if chosen not in CHOICES:
        chosen = "Life in Norway"
    name, measure = CHOICES[chosen]
    context = {
        "demo": _demo("handed"),
        "demos": DEMOS,
        "choices": list(CHOICES),
        "chosen": chosen,
        "arguments": {"country": {"value": name}},
        "params": {"measure": measure},
    }
    return render(request, "dashboards/demo.html", context)


# docs/csp.rst tells why styles need more than scripts. Pages with frames
# have a nonce too: Django 6's middleware and django-csp make one.
POLICY = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src-elem 'self' 'unsafe-inline'",
    "style-src-attr 'none'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
]


def strict(request: HttpRequest) -> HttpResponse:
    """The demo that has a policy."""
    found = _demo("strict")
    context = {"demo": found, "demos": DEMOS, "policy": POLICY}
    response = render(request, found.template, context)
    response["Content-Security-Policy"] = "; ".join(POLICY)
    return response


def fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """The apps of a demo and nothing else, to be put into a page."""
    return render(
        request, "dashboards/fragment.html", {"demo": _demo(slug)}
    )


def _demo(slug: str) -> Demo:
    for found in DEMOS:
        if found.slug == slug:
            return found
    raise Http404(f"There is no demo {slug!r}.")
