"""A real browser (Debian's Chromium) on a real server over an engine in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Response, sync_playwright

from controller.journal import Journal
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

    def hang_up(self, journal: Journal) -> None:
        """End the streams that follow a journal, as a controller does that ends."""
        self._loop.call_soon_threadsafe(journal.close)

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
    """A tab, and what went wrong in it. ``refusals``: statuses it is about, 0: no answer."""

    page: Page
    served: Served
    refusals: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note what the browser complains of."""

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.faults.append(message.text)

        def failed(error: Error) -> None:
            self.faults.append(str(error))

        self.page.on("console", said)
        self.page.on("pageerror", failed)

    def unexpected(self) -> list[str]:
        """The faults that no refusal explains."""
        told = [
            f"status of {status} " if status else "ERR_CONNECTION_REFUSED"
            for status in self.refusals
        ]
        return [text for text in self.faults if not any(part in text for part in told)]

    def go(self) -> Opened:
        """The same, on its way to the page."""
        self.page.goto(self.served.url)
        return self

    def timed(self) -> Opened:
        """The same, with a clock that only the test moves."""
        self.page.clock.install(time=0)
        self.page.clock.pause_at(1)
        return self

    def drawn(self) -> Opened:
        """The same, once the network is drawn."""
        self.page.wait_for_selector("#topology[data-nodes]")
        return self

    def told(self, kind: str = "in-sync", **data: object) -> None:
        """An event, once the page has drawn what it led to."""
        data = data or {"revision": 1, "switches": ["edge-1"]}
        before: list[str] = []

        def is_last(response: Response) -> bool:
            before.append(response.url)
            status = any(url.endswith("/v1/status") for url in before)
            return status and "/v1/matrix" in response.url

        with self.page.expect_response(is_last) as asked:
            self.served.record(kind, **data)
        asked.value.finished()
        self.page.evaluate("new Promise((done) => setTimeout(done))")  # what waits for it has run


Serve = Callable[..., Served]
Visit = Callable[..., Opened]


@pytest.fixture(scope="module")  # while playwright runs, its thread runs no other event loop
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield found
        found.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes servers: ``serve(gate=...)``."""
    made: list[Served] = []

    def start(engine: FakeController | None = None, gate: Gate | None = None) -> Served:
        made.append(Served(engine or FakeController(), gate))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def visit(browser: Browser, serve: Serve) -> Iterator[Visit]:
    """Tabs for the page of a server, by default of a new one; nothing may go wrong in them."""
    made: list[Opened] = []

    def visited(served: Served | None = None, scheme: str = "light") -> Opened:
        options: Any = {"color_scheme": scheme, "viewport": {"width": 1400, "height": 1000}}
        made.append(Opened(browser.new_page(**options), served or serve()))
        made[-1].listen()
        return made[-1]

    yield visited
    for tab in made:
        tab.page.close()
    assert [tab.unexpected() for tab in made] == [[] for _ in made]


@pytest.fixture
def tab(visit: Visit) -> Opened:
    return visit().go().drawn()
