"""What goes out to one browser: order, batches, and what happens where the browser is slow."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from django_plotly_dash.backend import outbox
from django_plotly_dash.backend.outbox import Outbox

from .websockets import until


class Browser:
    """The other end: takes texts, unless it is busy."""

    def __init__(self, delay: float = 0.0, limit: int = 1_000_000) -> None:
        self.texts: list[str] = []
        self.given_up: list[str] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.outbox = Outbox(self._send, delay, limit, self.given_up.append)
        self.task = asyncio.create_task(self.outbox.run())

    async def _send(self, text: str) -> None:
        self.texts.append(text)
        await self.takes.wait()

    @property
    def heard(self) -> list[Any]:
        parsed = [json.loads(text) for text in self.texts]
        return [item for each in parsed for item in (each if isinstance(each, list) else [each])]

    async def end(self) -> None:
        self.outbox.close()
        await self.task


async def test_messages_arrive_in_order_and_a_response_ends_its_batch() -> None:
    browser = Browser(delay=0.05)
    for number in range(3):
        browser.outbox.put_value(f"{number}", number)
    browser.outbox.put('"response"')
    browser.outbox.put_value("3", 3)
    await until(lambda: len(browser.heard) == 5)
    assert browser.texts == ['[0,1,2,"response"]', "3"]
    await browser.end()


async def test_who_keeps_up_gets_every_value() -> None:
    browser = Browser(delay=0.01)
    for number in range(100):
        browser.outbox.put_value(f"{number}", "same")
        if number % 10 == 0:
            await asyncio.sleep(0.011)
    await until(lambda: len(browser.heard) == 100)
    assert browser.heard == list(range(100))
    await browser.end()


async def test_who_is_slow_gets_the_newest_values_and_all_changes() -> None:
    browser = Browser()
    browser.takes.clear()
    browser.outbox.put('"first"')
    await until(lambda: browser.texts)
    for number in range(1000):
        browser.outbox.put_value(f"{number}", "same")
    browser.outbox.put_value('"change 1"', None)
    browser.outbox.put_value('"change 2"', None)
    browser.outbox.put_value('"behind the changes"', "same")
    browser.outbox.put('"response"')
    browser.outbox.put_value('"behind the response"', "same")
    browser.takes.set()
    await until(lambda: len(browser.heard) == 7)
    assert browser.heard == [
        *("first", 999, "change 1", "change 2", "behind the changes", "response", "behind the response")
    ]
    await browser.end()


async def test_a_slow_browser_does_not_hold_up_others() -> None:
    slow, quick = Browser(), Browser()
    slow.takes.clear()
    slow.outbox.put_value("0", 0)
    quick.outbox.put_value("0", 0)
    await until(lambda: slow.texts)
    for number in range(1, 1000):
        slow.outbox.put_value(f"{number}", number)
        quick.outbox.put_value(f"{number}", number)
    await until(lambda: len(quick.heard) == 1000)
    assert slow.heard == [0]
    slow.takes.set()
    await until(lambda: len(slow.heard) == 1000)
    await slow.end()
    await quick.end()


async def test_what_waits_is_bounded_on_the_loop() -> None:
    browser = Browser(limit=1000)
    browser.takes.clear()
    browser.outbox.put('"first"')
    await until(lambda: browser.texts)
    for number in range(200):
        browser.outbox.put_value(f'"{number:03}...."', number)
    assert browser.given_up == ["more than 1000 characters wait for the browser"]
    assert browser.outbox.closed.is_set()
    browser.takes.set()
    await browser.task


async def test_one_message_may_be_longer_than_the_bound() -> None:
    browser = Browser(limit=10)
    browser.outbox.put(json.dumps("x" * 100))
    await until(lambda: browser.heard == ["x" * 100])
    await browser.end()


async def test_a_thread_waits_until_there_is_room() -> None:
    browser = Browser(limit=1000)
    browser.takes.clear()
    put: list[int] = []

    def produce() -> None:
        for number in range(500):
            browser.outbox.put_value(f'"{number:03}...."', number)
            put.append(number)

    thread = threading.Thread(target=produce)
    thread.start()
    await until(lambda: len(put) > 50)
    await asyncio.sleep(0.1)
    assert len(put) < 300  # what waits, and what is on its way
    browser.takes.set()
    await until(lambda: len(browser.heard) == 500)
    thread.join()
    assert browser.given_up == []
    await browser.end()


async def test_a_thread_does_not_wait_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages share the threads."""
    monkeypatch.setattr(outbox, "HELD_SECONDS", 0.1)
    browser = Browser(limit=100)
    browser.takes.clear()
    thread = threading.Thread(target=lambda: [browser.outbox.put_value("1" * 50, n) for n in range(10)])
    thread.start()
    await until(lambda: not thread.is_alive())
    await until(lambda: browser.given_up)
    assert browser.given_up == ["more than 100 characters wait for the browser"]
    browser.takes.set()
    await browser.task


async def test_a_thread_is_let_go_when_the_browser_has_gone() -> None:
    browser = Browser(limit=100)
    browser.takes.clear()
    thread = threading.Thread(target=lambda: [browser.outbox.put_value("1" * 50, n) for n in range(10)])
    thread.start()
    await until(lambda: browser.texts)
    browser.outbox.close()
    browser.takes.set()
    await until(lambda: not thread.is_alive())
    await browser.task


async def test_a_browser_that_has_gone_ends_it() -> None:
    browser = Browser()

    async def gone(text: str) -> None:
        raise OSError("the socket is closed")

    browser.outbox._send = gone
    browser.outbox.put("1")
    await browser.task
    assert browser.outbox.closed.is_set()
    assert browser.given_up == []


async def test_a_browser_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "STALLED_SECONDS", 0.01)
    browser = Browser()
    browser.takes.clear()
    browser.outbox.put("1")
    await until(lambda: browser.given_up)
    await browser.task
    browser.outbox.put("2")
    assert browser.heard == [1]
