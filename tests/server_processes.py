"""Servers in processes of their own: the kinds that docs/deployment names."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.site_pipes import IN_MEMORY
from tests.waiting import eventually

_ASGI, _WSGI = "django_plotly_dash.routing:application", "tests.site_live.wsgi:application"
COMMANDS: dict[str, Callable[[int], list[str]]] = {
    "uvicorn": lambda port: ["uvicorn", "--port", str(port), "--log-level", "info", _ASGI],
    "daphne": lambda port: ["daphne", "-b", "127.0.0.1", "-p", str(port), _ASGI],
    "gunicorn with uvicorn's worker": lambda port: [
        *("gunicorn", "-k", "uvicorn_worker.UvicornWorker", "-w", "2", "-b", f"127.0.0.1:{port}", _ASGI)
    ],
    "gunicorn": lambda port: ["gunicorn", "-w", "1", "--threads", "4", "-b", f"127.0.0.1:{port}", _WSGI],
}


class Server:
    """A server of the site with pipes, on a port that stays its own."""

    def __init__(self, kind: str, folder: Path, layers: Any = IN_MEMORY, **environment: str) -> None:
        self.kind, self.port = kind, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{kind.split()[0]}-{self.port}.log"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.site_live.settings",
            "DPD_TEST_LAYERS": json.dumps(layers),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def start(self) -> Server:
        program, *arguments = COMMANDS[self.kind](self.port)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", program, *arguments],
                env=self._environment,
                cwd=Path(__file__).parent.parent,
                stdout=log,
                stderr=log,
            )
        eventually(self._answers)
        return self

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
            return
        self.process.kill()  # some wait for their sockets
        self.process.wait()

    def get(self, path: str) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=20) as response:
            return str(response.read().decode())

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError):
            return bool(self.get("/dash/app/news/_dash-layout"))
        return False
