"""Counters of ports through a real OVSDB, written as Open vSwitch writes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.loads import LinkLoads
from controller.northbound.ports import LinkLoad
from controller.southbound.counters import PortCounters
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.strategies import site

REMOTE = "a"
EVERY = ("--", "set", "Open_vSwitch", ".", "other_config:stats-update-interval=3600000")


@pytest.fixture
def ovs() -> Iterator[PrivateOvs]:
    """One that writes no counters of its own for an hour: the test does."""
    ledger = Ledger.create("test-counters")
    try:
        with PrivateOvs(ledger) as found:
            found.vsctl("add-br", "b", "--", "set", "bridge", "b", "datapath_type=dummy", *EVERY)
            yield found
    finally:
        ledger.clean()


@pytest.fixture
def counters(ovs: PrivateOvs) -> Iterator[PortCounters]:
    found = PortCounters(ovs.database)
    found.start()
    yield found
    found.close()


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sent(ovs: PrivateOvs, device: str, count: int) -> None:
    ovs.vsctl("set", "interface", device, f"statistics:tx_bytes={count}")


def test_only_what_is_asked_for_is_counted(ovs: PrivateOvs, counters: PortCounters) -> None:
    for device in ("p1", "p2"):
        ovs.vsctl("add-port", "b", device, "--", "set", "interface", device, "type=dummy")
    counters.watch(["p1"])
    until(lambda: "p1" in counters._counted)
    start = counters._counted["p1"].sent_bytes
    sent(ovs, "p2", start + 1)
    sent(ovs, "p1", start + 450_000_000)
    until(lambda: counters.rate_bps("p1") is not None)
    assert counters.rate_bps("p1") == 1_000_000  # in an hour, which is its interval
    assert counters.rate_bps("p2") is None
    counters.watch(["p1", "p2"])
    until(lambda: "p2" in counters._counted)
    assert counters.rate_bps("p1") == 1_000_000  # what did not change was not counted anew
    ovs.vsctl("del-port", "b", "p1")
    until(lambda: counters.rate_bps("p1") is None)


def test_without_its_database_nothing_is_known(ovs: PrivateOvs, counters: PortCounters) -> None:
    ovs.vsctl("add-port", "b", "p1", "--", "set", "interface", "p1", "type=dummy")
    counters.watch(["p1"])
    until(lambda: "p1" in counters._counted)
    start = counters._counted["p1"].sent_bytes
    sent(ovs, "p1", start + 450)
    until(lambda: counters.rate_bps("p1") == 1)
    ovs.kill_database()
    until(lambda: counters.rate_bps("p1") is None)
    ovs.start_database()  # which keeps no counters: the column is ephemeral
    sent(ovs, "p1", start + 450)
    until(lambda: "p1" in counters._counted)
    assert counters.rate_bps("p1") is None
    sent(ovs, "p1", start + 1350)
    until(lambda: counters.rate_bps("p1") == 2)


class _Counted(PortCounters):
    """Counts how often it has waited for news."""

    def __init__(self, remote: str) -> None:
        super().__init__(remote)
        self.waits, self.attempts = 0, 0

    def _wait(self, idl: Any) -> None:
        super()._wait(idl)
        self.waits += 1
        self.attempts = idl._session.reconnect.n_attempted_connections


def test_a_database_that_is_not_there_is_looked_for_now_and_then(tmp_path: Path) -> None:
    counters = _Counted(f"unix:{tmp_path}/nobody")
    counters.start()
    counters.watch(["p1"])
    until(lambda: counters.attempts >= 3)
    counters.close()
    assert counters.waits < 30, "some for each attempt; it must not look all the time"


class _Idl:
    """A client of the library's, which may have asked for something, and may be connected."""

    def __init__(self, *, connected: bool, asked: bool) -> None:
        self._session, self._request_id = self, "7" if asked else None
        self._connected = connected
        self.waited: list[str] = []

    def is_connected(self) -> bool:
        return self._connected

    def wait(self, _poller: object) -> None:
        self.waited.append("wait")

    def recv_wait(self, _poller: object) -> None:
        self.waited.append("answer")


@pytest.mark.parametrize(
    ("connected", "asked", "waited"),
    [
        (True, False, ["wait"]),
        (True, True, ["wait", "answer"]),
        (False, False, ["wait", "answer"]),
    ],
)
def test_what_cannot_be_asked_yet_waits_for_who_answers(
    connected: bool, asked: bool, waited: list[str]
) -> None:
    counters, idl = PortCounters("unix:nobody"), _Idl(connected=connected, asked=asked)
    counters.watch(["p1"])  # news, so that the wait ends
    counters._wait(idl)
    assert idl.waited == waited


def test_a_link_carries_what_its_ports_send() -> None:
    topology = site()
    link = next(iter(topology.links.values()))
    one, other = (link.a.switch, link.a.port), (link.b.switch, link.b.port)
    sending = _Sending({"dev-a": 7, "dev-b": 0})
    loads = LinkLoads(topology, {REMOTE: sending})
    stranger = ("edge-1", "web-1")
    loads.found(REMOTE, {one: "dev-a", stranger: "tap7"})
    assert sending.watched == {"dev-a"}
    assert loads.now() == {}
    loads.found(REMOTE, {one: "dev-a", other: "dev-b"})
    assert sending.watched == {"dev-a", "dev-b"}
    assert loads.now() == {link.name: LinkLoad(7, 0)}
    loads.found(REMOTE, {one: "dev-a"})
    assert loads.now() == {}


class _Sending(PortCounters):
    """Ports that send what the test says."""

    def __init__(self, rates: dict[str, int]) -> None:
        self.rates, self.watched = rates, set[str]()

    def watch(self, devices: object) -> None:
        self.watched = set(devices)  # type: ignore[call-overload]

    def rate_bps(self, device: str) -> int | None:
        return self.rates.get(device)
