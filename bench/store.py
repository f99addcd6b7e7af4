"""The store: a durable commit of one changed object, and the load that an engine begins with.

Both on a server of their own, on a disk. The commit is what the controller does of it, from the
intents before and after to the durable answer, held against one bare transaction of one durable row
on a bare database, through the same connection code. The load begins with a server that is not
running yet and ends with the newest intent, held against the reading of as many bare rows.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Final

from bench import workload
from bench.measure import Figure, Result, percentile, say, timed
from controller.history import StoredHistory
from controller.model.collections import COLLECTIONS
from controller.model.intent import Intent, frozen
from controller.northbound.ports import NOTHING_CHANGED, Draft, Note, Origins
from controller.store.channel import Channel
from controller.store.revisions import KEPT, Store
from controller.store.rows import DURABLY, insert, new_object, select
from controller.store.server import StoreServer, holder_of
from labkit.ledger import Ledger

COMMITS: Final = 2 * KEPT + 100
"""Enough that some go on while older revisions are folded, though no moment is quiet."""

LOADS: Final = 5
BURST: Final = 1000
TOGETHER: Final = 100
"""As many writes as share a commit (:data:`controller.writing.MOST_TOGETHER`)."""


def run(services: int) -> Result:
    """A durable commit of one relabelled service; the ratio is to a bare durable row."""
    with _server() as server, _server() as bare:
        ours, theirs, first_ms, burst_ms = asyncio.run(_commits(server, bare, services))
    bare_p99 = f"a bare durable OVSDB row: {percentile(theirs, 99):.2f} ms"
    p99 = percentile(ours, 99)
    figures = (
        Figure("a commit, p99", p99, "ms", bare_p99, p99 / percentile(theirs, 99)),
        Figure("the first revision, all of it", first_ms, "ms"),
        Figure(f"{BURST:,} placements, {TOGETHER} together", burst_ms, "ms"),
    )
    return Result.of_ms("store", median(ours), "a bare durable OVSDB row", median(theirs), figures)


def load(services: int) -> Result:
    """From a stored file to the newest intent; the ratio is to reading as many bare rows."""
    with _server() as server, _server() as bare:
        base, origins = _site(services)
        asyncio.run(_first(server, base, origins))
        count = sum(len(getattr(base, collection)) for collection in COLLECTIONS)
        value = {"body": {"text": "as long as an object's values are, more or less" * 3}}
        bare.channel.transact(*(new_object(f"objects/{n}", value) for n in range(count)))
        ours, theirs = [], []
        for number in range(LOADS):
            ours.append(_load(server, base))
            theirs.append(timed(lambda: bare.channel.transact(_ALL))[1])
            say(f"  load {number + 1}/{LOADS}: {ours[-1]:.0f} ms, bare rows {theirs[-1]:.0f} ms")
    return Result.of_ms("load", median(ours), f"{count} bare OVSDB rows read", median(theirs))


_ALL: Final = select("Object", ["key", "value"])


@dataclass(frozen=True, slots=True)
class _Running:
    server: StoreServer
    file: Path
    ledger: Ledger

    @property
    def channel(self) -> Channel:
        return Channel([self.server.remote])

    def start(self) -> None:
        self.server.start()
        pid = holder_of(self.file)
        if pid is not None:
            self.ledger.add_process(pid)


@contextmanager
def _server() -> Iterator[_Running]:
    """A store's server on a disk: ``/var/tmp`` is one, ``/run`` and ``/tmp`` need not be."""
    with tempfile.TemporaryDirectory(prefix="bench-store-", dir="/var/tmp") as folder:
        ledger = Ledger(Path(folder))
        running = _Running(
            StoreServer(Path(folder, "db"), Path(folder)), Path(folder, "db"), ledger
        )
        running.start()
        try:
            yield running
        finally:
            running.server.stop()


def _site(services: int) -> tuple[Intent, Origins]:
    """An intent as if all of it were written down in a file, one object a line."""
    intent = workload.network(services).intent
    keys = [f"{kind}/{name}" for kind in COLLECTIONS for name in getattr(intent, kind)]
    return intent, {key: ("site.yaml", line) for line, key in enumerate(keys, 1)}


async def _first(server: _Running, base: Intent, origins: Origins) -> tuple[StoredHistory, float]:
    """A history whose first revision has all of it, and how many ms that took."""
    history = StoredHistory(Store([server.server.remote]))
    took_ms = await _commit(history, [Draft(base, origins, Note("bench", "all of it"))], 0)
    return history, took_ms


async def _commits(
    server: _Running, bare: _Running, services: int
) -> tuple[list[float], list[float], float, float]:
    """One after the other, in turn with bare rows; the first before, and many at once after."""
    intent, origins = _site(services)
    history, first_ms = await _first(server, intent, origins)
    gc.collect()
    gc.freeze()  # as the engine does once it has started
    channel = bare.channel
    ours, theirs = [], []
    for number in range(1, COMMITS + 1):
        which, intent = _relabelled(intent, number % services, number)
        ours.append(await _commit(history, [Draft(intent, dict(origins), _note(which))], number))
        row = insert("Revision", {"number": number, "difference": "x" * 100})
        theirs.append(timed(lambda row=row: channel.transact(row, DURABLY))[1])  # type: ignore[misc]
    channel.close()
    return ours, theirs, first_ms, await _burst(history, intent, origins)


async def _burst(history: StoredHistory, intent: Intent, origins: Origins) -> float:
    """Placements: instances that are put on other hosts. How many ms they took."""
    drafts = []
    for number, name in zip(range(BURST), cycle(intent.instances), strict=False):
        moved = replace(intent.instances[name], host=f"another-{number}")
        intent = replace(intent, instances=frozen({**intent.instances, name: moved}))
        drafts.append(Draft(intent, origins, _note(f"instances/{name}")))
    took = 0.0
    for first in range(0, BURST, TOGETHER):
        group = drafts[first : first + TOGETHER]
        took += await _commit(history, group, COMMITS + 1 + first)
    return took


async def _commit(history: StoredHistory, drafts: Sequence[Draft], expected: int) -> float:
    began_s = time.perf_counter()
    await history.commit(drafts, expected=expected)
    return (time.perf_counter() - began_s) * 1000


def _relabelled(intent: Intent, which: int, number: int) -> tuple[str, Intent]:
    service = intent.services[f"service-{which}"]
    changed = replace(service, labels=frozen({"app": f"another-{number}"}))
    services = frozen({**intent.services, service.name: changed})
    return f"services/{service.name}", replace(intent, services=services)


def _note(which: str) -> Note:
    return Note("bench", "one object", {**NOTHING_CHANGED, "changed": (which,)})


def _load(server: _Running, wanted: Intent) -> float:
    server.server.stop()
    gc.collect()
    began_s = time.perf_counter()
    server.start()
    found = asyncio.run(_latest(server))
    took_ms = (time.perf_counter() - began_s) * 1000
    if found != wanted:
        raise RuntimeError("the store gave another intent than it was given")
    return took_ms


async def _latest(server: _Running) -> Intent | None:
    store = Store([server.server.remote])
    latest = await StoredHistory(store).latest()
    await store.close()
    return None if latest is None else latest.intent
