"""A Redis of a test's own."""

from __future__ import annotations

import base64
import contextlib
import re
import shutil
import subprocess

import redis

from tests.conftest import missing
from tests.ports import free_port
from tests.waiting import eventually


class Redis:
    """A Redis without a disk, on a port that stays its own: it can be stopped without harm to others."""

    def __init__(self) -> None:
        self.program = shutil.which("redis-server") or missing("there is no redis-server")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port)

    def start(self) -> Redis:
        options = {"--port": str(self.port), "--save": "", "--appendonly": "no", "--bind": "127.0.0.1"}
        command = [str(self.program), *(part for option in options.items() for part in option)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(self._answers)
        return self

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self.client.close()

    def everything(self) -> str:
        """All keys and values, whatever their types, and what is encoded in them: bodies of Celery's messages."""
        readers = {
            b"string": self.client.get,
            b"list": lambda key: self.client.lrange(key, 0, -1),
            b"set": self.client.smembers,
            b"hash": self.client.hgetall,
            b"zset": lambda key: self.client.zrange(key, 0, -1, withscores=True),
        }
        lines = [f"{key!r}: {readers[self.client.type(key)](key)!r}" for key in self.client.scan_iter()]
        bodies = [body for line in lines for body in re.findall(r'"body": "([\w+/=]+)"', line)]
        return "\n".join([*lines, *(base64.b64decode(body).decode() for body in bodies)])

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(self.client.ping())
        return False
