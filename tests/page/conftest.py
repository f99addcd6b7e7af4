"""A real browser (Debian's Chromium) on a real server over an engine in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from controller.northbound.access.gate import Gate
from controller.northbound.server import RestServer
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController

CHROMIUM = "/usr/bin/chromium"


class Served:
    """The engine and its REST API, in a thread with a loop of its own."""

    def __init__(self, engine: FakeController, gate: Gate | None = None) -> None:
        self.engine = engine
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._rest = RestServer(UseCases.of(engine, gate=gate), port=0)
        self._run(self._rest.start())
        self.url = "http://{}:{}".format(*self._rest.address)

    def record(self, kind: str, **data: object) -> None:
        """An event, as the engine records it: in its own loop."""
        self._loop.call_soon_threadsafe(lambda: self.engine.events().record(kind, **data))

    def close(self) -> None:
        """End the stream of events, the server and the loop."""
        self._loop.call_soon_threadsafe(self.engine.events().close)
        self._run(self._rest.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)  # type: ignore[arg-type]


@dataclass
class Opened:
    """A tab, and what went wrong in it."""

    page: Page
    served: Served
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")  # while playwright runs, its thread runs no other event loop
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield found
        found.close()


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served(FakeController())
    yield found
    found.close()


def opened(browser: Browser, served: Served, scheme: str = "light") -> Opened:
    """The page, once it has drawn the network."""
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1400, "height": 1000})  # type: ignore[arg-type]
    tab = Opened(page, served)

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            tab.faults.append(message.text)

    def failed(error: Error) -> None:
        tab.faults.append(str(error))

    page.on("console", said)
    page.on("pageerror", failed)
    page.goto(served.url)
    return tab


@pytest.fixture
def tab(browser: Browser, served: Served) -> Iterator[Opened]:
    found = opened(browser, served)
    found.page.wait_for_selector("#topology[data-nodes]")
    yield found
    found.page.close()
    assert found.faults == []
