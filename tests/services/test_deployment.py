"""The configurations of docs/deployment: each is started, and a message goes the whole way."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import SERVICES, missing
from tests.ports import free_port
from tests.server_processes import COMMANDS, Server
from tests.site_pipes import triplet
from tests.waiting import eventually

pytestmark = [pytest.mark.service("redis"), pytest.mark.filterwarnings("ignore::ResourceWarning")]
PAGE = (Path(__file__).parent.parent.parent / "docs" / "deployment.rst").read_text()
NGINX = [dedent(block) for block in re.findall(r"code-block:: nginx\n\n((?:   .*\n|\n)+)", PAGE)]
PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"


def layers() -> Any:
    return {"default": {"BACKEND": PUBSUB, "CONFIG": {"hosts": [SERVICES["redis"]], "prefix": f"dpd-{uuid4().hex}"}}}


def a_message_arrives(port: int, sender: Server) -> None:
    """A page of the site at ``port`` gets what ``sender`` sends."""
    with connect(f"ws://127.0.0.1:{port}/dpd/ws/channel", origin=f"http://127.0.0.1:{port}", proxy=None) as page:
        page.send(json.dumps(triplet("news", "headline")))

        def arrived() -> bool:
            sender.get("/send/?value=hello")
            try:
                return bool(json.loads(page.recv(timeout=1))["value"] == "hello")
            except TimeoutError:
                return False

        eventually(arrived)


def a_callback_answers(port: int, page_of: Server) -> None:
    """The app's page names its websocket, and a callback answers over it at ``port``."""
    assert "_dash-ws-callback" in page_of.get("/dash/app/loud/")
    body = {
        "output": "loud.children",
        "outputs": {"id": "loud", "property": "children"},
        "inputs": [{"id": "said", "property": "children", "value": "hello"}],
        "changedPropIds": ["said.children"],
    }
    request = {"type": "callback_request", "rendererId": "page", "requestId": "1", "payload": body}
    address = f"ws://127.0.0.1:{port}/dash/app/loud/_dash-ws-callback"
    with connect(address, origin=f"http://127.0.0.1:{port}", proxy=None) as page:
        page.send(json.dumps(request))
        answer = json.loads(page.recv(timeout=20))
    assert answer["payload"]["data"]["response"] == {"loud": {"children": "HELLO"}}
    with pytest.raises(InvalidStatus, match="403"):
        connect(address, origin="https://elsewhere.example", proxy=None)


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind != "gunicorn"])
def test_a_server_alone(kind: str, tmp_path: Path) -> None:
    server = Server(kind, tmp_path, layers()).start()
    try:
        a_message_arrives(server.port, server)
        a_callback_answers(server.port, server)
    finally:
        server.stop()


@contextmanager
def nginx(folder: Path, configuration: str, **ports: int) -> Iterator[int]:
    """Nginx with a configuration of the page, in which ports are replaced by free ones."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")  # not in everybody's PATH
    if program is None:
        missing("there is no nginx")
    port = free_port()
    for documented, real in {"8080": port, **ports}.items():
        configuration = re.sub(rf"\b{documented.removeprefix('p')}\b", str(real), configuration)
    paths = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {paths}\n{configuration} }}\n"
    )
    process = subprocess.Popen([str(program), "-p", str(folder), "-c", str(file)], stderr=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False

    try:
        eventually(answers)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_nginx_in_front(tmp_path: Path) -> None:
    server = Server("uvicorn", tmp_path, layers()).start()
    try:
        with nginx(tmp_path, NGINX[0], p8000=server.port) as port:
            a_message_arrives(port, server)
            a_callback_answers(port, server)
    finally:
        server.stop()


def test_split_by_path(tmp_path: Path) -> None:
    shared = layers()
    wsgi, asgi = (Server(kind, tmp_path, shared, DPD_TEST_SPLIT="1").start() for kind in ("gunicorn", "uvicorn"))
    whole = re.sub(r"    location / \{.*?\n    \}\n", lambda _: NGINX[1], NGINX[0], flags=re.S)
    assert whole.count("location") == 2
    try:
        with nginx(tmp_path, whole, p8000=wsgi.port, p8001=asgi.port) as port:
            # What the WSGI server sends arrives through the ASGI server.
            a_message_arrives(port, wsgi)
            a_callback_answers(port, wsgi)
    finally:
        wsgi.stop()
        asgi.stop()
