"""Servers in processes of their own: the kinds that docs/deployment names."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from tests.ports import free_port
from tests.site_pipes import IN_MEMORY
from tests.waiting import eventually

COMMANDS = {
    "uvicorn": "uvicorn --port 8000 --log-level info django_plotly_dash.routing:application",
    "daphne": "daphne -b 127.0.0.1 -p 8000 django_plotly_dash.routing:application",
    "gunicorn": "gunicorn -w 1 --threads 4 -b 127.0.0.1:8000 mysite.wsgi",
}


class Server:
    """A server of the site with pipes, on a port that stays its own.

    ``kind`` is one of ``COMMANDS``, or a command as the documentation has it: other ports and the site are put into it.
    """

    def __init__(self, kind: str, folder: Path, layers: Any = IN_MEMORY, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = COMMANDS.get(kind, kind).replace("mysite.wsgi", "tests.site_live.wsgi")
        self._command = re.sub(r"\b80\d\d\b", str(self.port), command).split()
        self.log = folder / f"{self._command[0]}-{self.port}.log"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.site_live.settings",
            "DPD_TEST_LAYERS": json.dumps(layers),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def start(self) -> Server:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                env=self._environment,
                cwd=Path(__file__).parent.parent,
                stdout=log,
                stderr=log,
            )
        eventually(self._answers)
        return self

    def stop(self) -> None:
        workers = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        for process in workers:  # some wait for their sockets
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.kill()
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
