"""The command against a real server on loopback, over an engine in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from controller.cli import main
from controller.northbound.server import RestServer
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def engine() -> FakeController:
    return FakeController()


@pytest.fixture
def server(engine: FakeController) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    rest = RestServer(UseCases.of(engine), port=0)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(rest.start(), loop).result(10)
        host, port = rest.address
        yield f"http://{host}:{port}"
        asyncio.run_coroutine_threadsafe(rest.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def run(server: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> Ran:
        try:
            code = main(["--server", server, *arguments])
        except SystemExit as error:  # argparse ends wrong usage so
            code = int(error.code or 0)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return command
