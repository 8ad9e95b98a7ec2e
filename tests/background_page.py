"""What Dash's renderer does with a background callback: it starts a job, and asks for it until there is an answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from django_plotly_dash import DjangoDash
from tests.helpers import callback_body
from tests.waiting import eventually


@dataclass
class Job:
    """A job and what was seen of it so far: progress and properties of ``set_props`` in the order they came."""

    output: str
    body: dict[str, Any]
    handles: dict[str, str]
    started: dict[str, Any]
    progress: list[dict[str, Any]] = field(default_factory=list)
    props: list[dict[str, Any]] = field(default_factory=list)


class Page:
    """A page of an app in a browser."""

    def __init__(self, client: Client, app: DjangoDash, url: str | None = None) -> None:
        self.client, self.app = client, app
        self.url = url or f"/dash/app/{app.slug}/"
        response = client.get(self.url)
        assert response.status_code == 200, response.content
        config = re.search(r'id="_dash-config"[^>]*>(.*?)</script>', response.content.decode(), re.DOTALL)
        self.end_id = json.loads(config[1])["end_id"]

    def post(self, body: dict[str, Any], headers: dict[str, str] | None = None, **query: str) -> Any:
        pairs = "&".join(f"{name}={value}" for name, value in {"endId": self.end_id, **query}.items())
        return self.client.post(
            f"{self.url}_dash-update-component?{pairs}",
            json.dumps(body),
            content_type="application/json",
            headers=headers,
        )

    def start(
        self,
        output: str,
        *values: Any,
        headers: dict[str, str] | None = None,
        changed: list[str] | None = None,
        **query: str,
    ) -> Job:
        body = callback_body(self.app, output, *values, changed=changed)
        response = self.post(body, headers, **query)
        assert response.status_code == 200, (response.status_code, response.content)
        started = json.loads(response.content)
        emptied = [{**item, "value": None} for item in body["inputs"]]
        states = [{**item, "value": None} for item in body["state"]]
        handles = {"cacheKey": started["cacheKey"], "job": started["job"]}
        return Job(output, {**body, "inputs": emptied, "state": states}, handles, started)

    def ask(self, job: Job) -> Any:
        """One question; None if the job goes on."""
        response = self.post(job.body, **job.handles)
        if response.status_code != 200:
            return response
        answer = json.loads(response.content)
        job.progress += [answer["progress"]] if "progress" in answer else []
        job.props += [answer["sideUpdate"]] if "sideUpdate" in answer else []
        return response if "response" in answer else None

    def wait(self, job: Job, pause: float = 0.05) -> Any:
        """The response that ends the job, whatever it is."""
        return eventually(lambda: self.ask(job), pause)

    def result(self, output: str, *values: Any, **kwargs: Any) -> Any:
        """The value of a callback with one output."""
        return value_of(self.wait(self.start(output, *values, **kwargs)))


def value_of(response: Any) -> Any:
    """The value of the one output in a response."""
    assert response.status_code == 200, (response.status_code, response.content)
    ((properties,),) = (json.loads(response.content)["response"].values(),)
    ((value,),) = (properties.values(),)
    return value
