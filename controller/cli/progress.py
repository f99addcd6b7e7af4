"""A bar on the terminal while something takes long; nothing anywhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from controller.cli.client import Client
from controller.cli.exits import Stop
from controller.cli.screen import on_terminal
from controller.client import Bulkhead

PATIENCE_S: Final = 0.5
"""What is done sooner shows no bar: it would only flicker."""

_LOOK_S: Final = 0.25


class Done(NamedTuple):
    """How far it is: ``done`` of ``all``."""

    done: int
    all: int


@contextmanager
def bar(
    text: str, look: Callable[[], Done] | None = None, *, patience_s: float = PATIENCE_S
) -> Iterator[None]:
    """Show a bar on standard error while the block runs; without ``look`` one that only moves."""
    if not on_terminal(sys.stderr):
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_draw, args=(text, look, ended, patience_s), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def switches_done(client: Client) -> Callable[[], Done]:
    """How many of the declared switches are in sync."""

    def look() -> Done:
        counts = client.ask(Bulkhead.status)["switches"]
        return Done(counts["in_sync"], counts["declared"])

    return look


def _draw(
    text: str, look: Callable[[], Done] | None, ended: threading.Event, patience_s: float
) -> None:
    if ended.wait(patience_s):
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    counted = (MofNCompleteColumn(),) if look else ()
    columns = (BarColumn(), *counted, TimeElapsedColumn())
    console = Console(file=sys.stderr)
    with Progress("{task.description}", *columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=None)
        while True:
            if look is not None:
                try:
                    found = look()
                    progress.update(task, completed=found.done, total=found.all)
                except Stop:
                    pass  # the block itself meets what is wrong, and says so
            if ended.wait(_LOOK_S):
                return
