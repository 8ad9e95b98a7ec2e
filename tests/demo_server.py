"""The demo as its readers run it: ``manage.py migrate``, then ``manage.py runserver``, from any folder."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import missing
from tests.ports import free_port
from tests.waiting import eventually

ROOT = Path(__file__).parent.parent
MANAGE = ROOT / "demo" / "manage.py"
# Page of the demo -> apps whose source it shows
PAGES = {
    "simple": ["SimpleExample"],
    "world": ["World"],
    "stocks": ["StockPrices", "StockGains"],
    "visitor": ["Visitor"],
    "session": ["SessionCounter"],
    "handed": ["Country"],
    "state": ["Savings"],
    "tips": ["Tips"],
    "in-page": ["Dice"],
    "frames": ["Ranking"],
    "strict": ["Dice"],
    "files": ["Files"],
    "jinja2": ["Dice"],
    "previews": ["Dice"],
    "monitor": ["Monitor"],
    "counter": ["Counter"],
    "report": ["Report"],
}
# The same for the apps in its frames
FRAMES = PAGES | {"frames": ["Ranking", *["StockGains"] * 3], "strict": [], "jinja2": ["Dice"] * 2, "previews": []}
# Apps that are shown as a saved instance -> its slug
INSTANCES = {"Savings": "our-plan"}
_SECONDS_TO_START = 60
_REQUEST = re.compile(r"^HTTP \w+ \S+ (\d+) \[")
_WEBSOCKET = re.compile(r"^WebSocket (HANDSHAKING|CONNECT|DISCONNECT) ")


@dataclass(frozen=True)
class DemoServer:
    """A server of the demo; ``url`` has no slash behind."""

    url: str
    log: Path

    def complaints(self) -> list[str]:
        """Lines of the server's log, from the first request on, that tell of anything but a request answered well."""
        lines = self.log.read_text().splitlines()
        first = next((number for number, line in enumerate(lines) if _REQUEST.match(line)), len(lines))
        return [line for line in lines[first:] if not _WEBSOCKET.match(line) and not _answered_well(line)]


def _answered_well(line: str) -> bool:
    request = _REQUEST.match(line)
    return request is not None and int(request[1]) < 400


@contextmanager
def demo_server(folder: Path, **variables: str) -> Iterator[DemoServer]:
    """Run the demo on a free port, with its database and its log in ``folder``."""
    left_out = ("DJANGO_SETTINGS_MODULE", "REDIS_URL")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    environment |= {"DEMO_DATABASE": str(folder / "demo.sqlite3"), "PYTHONUNBUFFERED": "1", **variables}
    # When a browser gives a request up, Django's development server leaves the file that it was sending open.
    manage = [sys.executable, "-W", "error", "-W", "ignore:unclosed file:ResourceWarning", str(MANAGE)]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, cwd=folder, check=True)
    log, port = folder / "demo.log", free_port()
    with log.open("w") as file:
        process = subprocess.Popen(
            [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"],
            env=environment,
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield DemoServer(_url(process, port, log), log)
        finally:
            process.terminate()
            process.wait(timeout=60)


# What a shell runs in the background, as ``make test`` does with these tests, takes no notice of Ctrl+C.
_WITH_CTRL_C = (
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])",
)


@contextmanager
def demo_by_make(folder: Path, **variables: str) -> Iterator[DemoServer]:
    """Run ``make demo`` on a free port, with all that it starts; ended as by Ctrl+C, it leaves nothing behind."""
    program = shutil.which("make") or missing("there is no make")
    environment = {**os.environ, "DEMO_DATABASE": str(folder / "demo.sqlite3"), "PYTHONUNBUFFERED": "1", **variables}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    log, port = folder / "demo.log", free_port()
    installed = ["-o", f"{sys.prefix}/bin/.ready", f"VENV={sys.prefix}"]
    with log.open("w") as file:
        process = subprocess.Popen(
            [*_WITH_CTRL_C, str(program), *installed, f"PORT={port}", "demo"],
            env=environment,
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield DemoServer(_url(process, port, log), log)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=120)
            eventually(lambda: not _goes_on(process.pid))


def _goes_on(group: int) -> bool:
    """Whether a process of the group is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def _url(process: subprocess.Popen[bytes], port: int, log: Path) -> str:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return f"http://127.0.0.1:{port}"
        time.sleep(0.05)
    raise RuntimeError(f"The demo does not start:\n{log.read_text()}")
