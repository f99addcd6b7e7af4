"""Bridges, queues and port facts through a real OVSDB."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from controller.southbound.ovsdb import (
    Bridge,
    Observed,
    PortQos,
    Queue,
    SwitchDatabase,
    Wanted,
)
from labkit.ovs import PrivateOvs, private_ovs

QOS = PortQos(50_000_000, {0: Queue(1_000_000, 50_000_000, 7), 1: Queue(15_000_000, 50_000_000, 0)})
BRIDGE = Bridge("edge-1", 7, "tcp:127.0.0.1:16653", "dummy")


@pytest.fixture
def ovs() -> Iterator[PrivateOvs]:
    with private_ovs("test-ovsdb") as found:
        yield found


class World:
    """A database that is told of, and waits for what it shows."""

    def __init__(self, ovs: PrivateOvs) -> None:
        self.seen: list[Observed] = []
        self._news = asyncio.Event()
        self.database = SwitchDatabase(ovs.database, self._tell)
        self.database.start()

    def _tell(self, observed: Observed) -> None:
        self.seen.append(observed)
        self._news.set()

    async def until(self, found: object) -> None:
        async with asyncio.timeout(10):
            while not found():  # type: ignore[operator]
                await self._news.wait()
                self._news.clear()


def test_who_is_not_there_is_told_of_once_and_still_tried(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        ovs.kill_database()
        absent, missed, seen = asyncio.Event(), list[int](), asyncio.Event()

        def miss() -> None:
            missed.append(1)
            absent.set()

        database = SwitchDatabase(ovs.database, lambda _observed: seen.set(), miss)
        began_s = asyncio.get_running_loop().time()
        database.start()
        async with asyncio.timeout(10):
            await absent.wait()
            took_s = asyncio.get_running_loop().time() - began_s
            assert took_s > 0.3, "it may only be late"
            ovs.start_database()
            await seen.wait()
        await database.close()
        assert missed == [1]

    asyncio.run(scenario())


def test_who_is_there_is_not_missed(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        found = asyncio.Queue[str]()
        database = SwitchDatabase(
            ovs.database,
            lambda _observed: found.put_nowait("seen"),
            lambda: found.put_nowait("missed"),
        )
        database.start()
        async with asyncio.timeout(10):
            assert await found.get() == "seen"
        await database.close()
        assert found.empty()

    asyncio.run(scenario())


async def settled(ovs: PrivateOvs, table: str, count: int) -> None:
    """Until a table has so many rows: the switch's own answer, asked for again."""
    async with asyncio.timeout(10):
        while len(ovs.vsctl("--columns=_uuid", "list", table).split("\n\n")) != count or (
            count == 1 and not ovs.vsctl("--columns=_uuid", "list", table).strip()
        ):
            await asyncio.sleep(0.02)


def test_a_bridge_is_made_secure_with_its_controller(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        world = World(ovs)
        world.database.want(Wanted((BRIDGE,)))
        await world.until(lambda: world.seen and ("edge-1", "edge-1") in world.seen[-1].devices)
        await world.database.close()

    asyncio.run(scenario())
    assert ovs.vsctl("get-fail-mode", "edge-1").strip() == "secure"
    assert ovs.vsctl("get-controller", "edge-1").strip() == "tcp:127.0.0.1:16653"
    assert "OpenFlow14" in ovs.vsctl("get", "bridge", "edge-1", "protocols")
    assert "0000000000000007" in ovs.vsctl("get", "bridge", "edge-1", "other_config:datapath-id")


def test_a_switch_comes_back_soon_and_lets_nobody_else_reach_its_controller(
    ovs: PrivateOvs,
) -> None:
    """Each start of ours changes the longest wait, which Open vSwitch takes up only then."""

    async def scenario(expected: str) -> None:
        world = World(ovs)
        world.database.want(Wanted((BRIDGE,)))
        async with asyncio.timeout(10):
            while backoff(ovs) != expected:
                await asyncio.sleep(0.02)
        await world.database.close()

    for expected in ("1000", "2000", "1000"):
        asyncio.run(scenario(expected))
    assert "out-of-band" in ovs.vsctl("--columns=connection_mode", "list", "controller")
    log = (ovs.run_dir / "ovs-vswitchd.log").read_text()
    assert "in_band" not in log


def backoff(ovs: PrivateOvs) -> str:
    return ovs.vsctl("--bare", "--columns=max_backoff", "list", "controller").strip()


def test_a_bridge_that_is_there_keeps_its_flows(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        first = World(ovs)
        first.database.want(Wanted((BRIDGE,)))
        await first.until(lambda: first.seen and ("edge-1", "edge-1") in first.seen[-1].devices)
        await first.database.close()
        ovs.vsctl("--timeout=10", "set", "Open_vSwitch", ".", "external_ids:waited=1")
        ovs.ofctl("add-flow", "edge-1", "cookie=1,priority=7,actions=drop")
        second = World(ovs)
        second.database.want(Wanted((BRIDGE,)))
        await second.until(lambda: second.seen and second.seen[-1].devices)
        await second.database.close()

    asyncio.run(scenario())
    assert "priority=7" in ovs.ofctl("dump-flows", "edge-1")


def test_ports_are_found_by_interface_id(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        world = World(ovs)
        world.database.want(Wanted((BRIDGE,)))
        await world.until(lambda: world.seen and ("edge-1", "edge-1") in world.seen[-1].devices)
        ovs.vsctl("add-port", "edge-1", "p1", "--", "set", "interface", "p1", "ofport_request=9",
                  "external_ids:iface-id=web-1")  # fmt: skip
        await world.until(lambda: world.seen[-1].ports.get(("edge-1", "web-1")) == 9)
        assert world.seen[-1].ports["edge-1", "p1"] == 9
        assert world.seen[-1].devices["edge-1", "web-1"] == "p1"
        ovs.vsctl("del-port", "edge-1", "p1")
        await world.until(lambda: ("edge-1", "web-1") not in world.seen[-1].ports)
        await world.database.close()

    asyncio.run(scenario())


def test_what_changes_of_a_known_port_is_seen(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        world = World(ovs)
        world.database.want(Wanted((BRIDGE,)))
        await world.until(lambda: world.seen and ("edge-1", "edge-1") in world.seen[-1].devices)
        ovs.vsctl("add-port", "edge-1", "p1", "--", "set", "interface", "p1", "ofport_request=9")
        await world.until(lambda: world.seen[-1].ports.get(("edge-1", "p1")) == 9)
        ovs.vsctl("set", "interface", "p1", "external_ids:iface-id=web-1")
        await world.until(lambda: world.seen[-1].ports.get(("edge-1", "web-1")) == 9)
        ovs.vsctl("set", "interface", "p1", "ofport_request=11")
        await world.until(lambda: world.seen[-1].ports.get(("edge-1", "web-1")) == 11)
        ovs.vsctl("set", "interface", "p1", "external_ids:iface-id=web-2")
        await world.until(lambda: ("edge-1", "web-2") in world.seen[-1].ports)
        assert ("edge-1", "web-1") not in world.seen[-1].devices
        await world.database.close()

    asyncio.run(scenario())


def test_a_port_that_is_unplugged_and_plugged_anew_is_seen_anew(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        world = World(ovs)
        world.database.want(Wanted((BRIDGE,)))
        await world.until(lambda: world.seen and ("edge-1", "edge-1") in world.seen[-1].devices)
        for number in (21, 22):
            ovs.vsctl(
                *("add-port", "edge-1", "p1", "--", "set", "interface", "p1"),
                f"ofport_request={number}",
            )
            await world.until(lambda n=number: world.seen[-1].ports.get(("edge-1", "p1")) == n)
            ovs.vsctl("del-port", "edge-1", "p1")
            await world.until(lambda: ("edge-1", "p1") not in world.seen[-1].devices)
        await world.database.close()

    asyncio.run(scenario())


def test_queues_are_made_changed_and_removed_with_their_rows(ovs: PrivateOvs) -> None:
    async def scenario() -> None:
        world = World(ovs)
        ovs.vsctl("--", "--id=@q", "create", "qos", "type=linux-htb")  # somebody else's
        world.database.want(Wanted((BRIDGE,), {("edge-1", "up"): QOS}))
        await world.until(lambda: world.seen and ("edge-1", "edge-1") in world.seen[-1].devices)
        ovs.vsctl("add-port", "edge-1", "p1", "--", "set", "interface", "p1",
                  "external_ids:iface-id=up")  # fmt: skip
        await settled(ovs, "queue", 2)
        assert "50000000" in ovs.vsctl("list", "qos")
        world.database.want(Wanted((BRIDGE,)))
        async with asyncio.timeout(10):
            while ovs.vsctl("list", "queue").strip():
                await asyncio.sleep(0.02)
        assert "linux-htb" in ovs.vsctl("list", "qos")
        assert "bulkhead" not in ovs.vsctl("list", "qos")
        await world.database.close()

    asyncio.run(scenario())
