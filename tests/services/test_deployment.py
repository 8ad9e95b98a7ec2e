"""The configurations of docs/deployment: each is started as it stands there, and messages go the whole way."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.request import HTTPSHandler, ProxyHandler, build_opener
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conftest import SERVICES, missing
from tests.ports import free_port
from tests.server_processes import Server
from tests.site_pipes import triplet
from tests.waiting import eventually

pytestmark = [pytest.mark.service("redis"), pytest.mark.filterwarnings("ignore::ResourceWarning")]
PAGE = (Path(__file__).parent.parent.parent / "docs" / "deployment.rst").read_text()
*ALONE, OF_SITE, OF_WEBSOCKETS = re.findall(r"^   ((?:daphne|gunicorn|uvicorn) .*)", PAGE, re.M)
NGINX, TLS, SPLIT = (dedent(block) for block in re.findall(r"code-block:: nginx\n\n((?:   .*\n|\n)+)", PAGE))
PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"


@dataclass(frozen=True)
class Address:
    """Where a site answers, without a slash behind."""

    url: str
    trusted: ssl.SSLContext | None = None

    def get(self, path: str) -> str:
        with build_opener(ProxyHandler({}), HTTPSHandler(context=self.trusted)).open(self.url + path) as response:
            return str(response.read().decode())

    def socket(self, path: str, origin: str) -> ClientConnection:
        return connect(f"ws{self.url[4:]}{path}", origin=origin, ssl=self.trusted, proxy=None)  # type: ignore[arg-type]


def messages_arrive(site: Address, processes: int) -> None:
    """A page gets what a process of the site sends, until so many processes have sent something."""
    senders = set()
    with site.socket("/dpd/ws/channel", site.url) as page:
        page.send(json.dumps(triplet("news", "headline")))

        def arrived() -> bool:
            value = uuid4().hex
            sender = site.get(f"/send/?value={value}")
            with suppress(TimeoutError):
                while json.loads(page.recv(timeout=1))["value"] != value:
                    pass
                senders.add(sender)
            return len(senders) >= processes

        eventually(arrived, 0)


def a_callback_answers(site: Address) -> None:
    """The app's page names its websocket; a callback answers over it to pages of this site alone."""
    assert "_dash-ws-callback" in site.get("/dash/app/loud/")
    body = {
        "output": "loud.children",
        "outputs": {"id": "loud", "property": "children"},
        "inputs": [{"id": "said", "property": "children", "value": "hello"}],
        "changedPropIds": ["said.children"],
    }
    request = {"type": "callback_request", "rendererId": "page", "requestId": "1", "payload": body}
    path = "/dash/app/loud/_dash-ws-callback"
    with site.socket(path, site.url) as page:
        page.send(json.dumps(request))
        answer = json.loads(page.recv(timeout=20))
    assert answer["payload"]["data"]["response"] == {"loud": {"children": "HELLO"}}
    other_scheme = f"http{site.url.removeprefix('https')}" if site.trusted else f"https{site.url[4:]}"
    for origin in ("https://elsewhere.example", other_scheme):
        with pytest.raises(InvalidStatus, match="403"):
            site.socket(path, origin)


def works(*addresses: Address, processes: int) -> None:
    for address in addresses:
        messages_arrive(address, processes)
        a_callback_answers(address)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Start a server by its command; all of a test share a channel layer."""
    with ExitStack() as stack:
        config = {"hosts": [SERVICES["redis"]], "prefix": f"dpd-{uuid4().hex}"}

        def started(command: str, **environment: str) -> Server:
            server = Server(command, tmp_path, {"default": {"BACKEND": PUBSUB, "CONFIG": config}}, **environment)
            stack.callback(server.stop)
            return server.start()

        yield started


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself; its key lies beside it."""
    program = shutil.which("openssl") or missing("there is no openssl")
    folder = tmp_path_factory.mktemp("certificate")
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mysite"
    command += " -addext subjectAltName=IP:127.0.0.1 -keyout mysite.key -out mysite.crt"
    subprocess.run([str(program), *command.split()], cwd=folder, check=True, capture_output=True)
    return folder / "mysite.crt"


@contextmanager
def nginx(folder: Path, configuration: str, certificate: Path, **ports: int) -> Iterator[list[Address]]:
    """Nginx with a configuration of the page, by HTTP and HTTPS; ports in it are replaced by free ones."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")  # not in everybody's PATH
    if program is None:
        missing("there is no nginx")
    configuration = configuration.replace("listen 8080;", f"listen 8080;\n{TLS}")
    configuration = configuration.replace("/etc/ssl/", f"{certificate.parent}/")
    plain, secure = free_port(), free_port()
    for documented, real in {"8080": plain, "443": secure, **ports}.items():
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
        with suppress(OSError), socket.create_connection(("127.0.0.1", plain), timeout=1):
            return True
        return False

    try:
        eventually(answers)
        trusted = ssl.create_default_context(cafile=str(certificate))
        yield [Address(f"http://127.0.0.1:{plain}"), Address(f"https://127.0.0.1:{secure}", trusted)]
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("command", ALONE, ids=lambda command: command.partition(" -")[0])
def test_a_server_alone_and_behind_nginx(command: str, start: Any, tmp_path: Path, certificate: Path) -> None:
    if command.startswith("uvicorn") and find_spec("uvloop") is None:
        missing("uvicorn lacks what its extra 'standard' brings")
    server = start(command)
    with nginx(tmp_path, NGINX, certificate, p8000=server.port) as addresses:
        works(Address(server.url), *addresses, processes=2 if re.search(r"-(w|-workers) 2\b", command) else 1)


def test_split_by_path(start: Any, tmp_path: Path, certificate: Path) -> None:
    wsgi, asgi = (start(command, DPD_TEST_SPLIT="1") for command in (OF_SITE, OF_WEBSOCKETS))
    whole = re.sub(r"    location / \{.*?\n    \}\n", lambda _: SPLIT, NGINX, flags=re.S)
    assert whole.count("location") == 2
    with nginx(tmp_path, whole, certificate, p8000=wsgi.port, p8001=asgi.port) as addresses:
        # What processes of the WSGI server send arrives through the ASGI server.
        works(*addresses, processes=2)
