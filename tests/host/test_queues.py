"""Filters and leaf queues on a real HTB: they are there once, and packets go where they should."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from pyroute2 import IPRoute

from controller.host.queues import ClassQueue, QueueKeeper, ensure
from labkit.ledger import Ledger

DEVICE, PEER, SPACE = "bhtest0", "bhtest1", "bhtest-queues"
CLASSES = (ClassQueue(0, 0, first=False), ClassQueue(46, 1, first=True))


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def make_htb() -> None:
    """What Open vSwitch makes for a linux-htb QoS row with two queues."""
    run("tc", "qdisc", "replace", "dev", DEVICE, "root", "handle", "1:", "htb", "default", "1")
    run(*f"tc class replace dev {DEVICE} parent 1: classid 1:fffe htb rate 50mbit".split())
    for minor in ("1", "2"):
        rate = "rate 10mbit ceil 50mbit"
        run(*f"tc class replace dev {DEVICE} parent 1:fffe classid 1:{minor} htb {rate}".split())


@pytest.fixture
def device() -> Iterator[str]:
    ledger = Ledger.create("test-queues")
    ledger.add("netns", SPACE)
    ledger.add("link", DEVICE)
    try:
        run("ip", "netns", "add", SPACE)
        run(*f"ip link add {DEVICE} type veth peer name {PEER} netns {SPACE}".split())
        run("ip", "address", "add", "198.51.100.1/24", "dev", DEVICE)
        run("ip", "link", "set", DEVICE, "up")
        run(*f"ip -n {SPACE} link set {PEER} up".split())
        run(*f"ip neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev {DEVICE}".split())
        make_htb()
        yield DEVICE
    finally:
        ledger.clean()


def packets(minor: int) -> int:
    text = run("tc", "-s", "class", "show", "dev", DEVICE)
    found = re.search(rf"class htb 1:{minor} .*?Sent \d+ bytes (\d+) pkt", text, re.DOTALL)
    assert found
    return int(found[1])


def send(dscp: int, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
        for _ in range(count):
            sock.sendto(b"x", ("198.51.100.2", 9))


def test_each_class_meets_its_queue(device: str) -> None:
    with IPRoute() as netlink:
        assert ensure(netlink, device, CLASSES)
    urgent = packets(2)
    send(46, 20)
    assert packets(2) - urgent == 20
    send(0, 10)
    assert packets(2) - urgent == 20


def test_best_effort_has_a_short_leaf_and_realtime_none(device: str) -> None:
    with IPRoute() as netlink:
        ensure(netlink, device, CLASSES)
    leaves = [line for line in run("tc", "qdisc", "show", "dev", device).splitlines()
              if "pfifo" in line]  # fmt: skip
    assert len(leaves) == 1
    assert "parent 1:1 limit 30p" in leaves[0]


def test_a_second_time_changes_nothing(device: str) -> None:
    with IPRoute() as netlink:
        assert ensure(netlink, device, CLASSES)
        before = run("tc", "filter", "show", "dev", device)
        assert not ensure(netlink, device, CLASSES)
    assert run("tc", "filter", "show", "dev", device) == before
    assert before.count("flowid 1:2") == 2  # plain and behind two tags


def test_without_htb_it_waits(device: str) -> None:
    run("tc", "qdisc", "del", "dev", device, "root")
    with IPRoute() as netlink:
        assert not ensure(netlink, device, CLASSES)


def test_the_keeper_sets_up_an_htb_that_is_made_anew(device: str) -> None:
    keeper = QueueKeeper()
    keeper.want({device: CLASSES})
    try:
        for _ in range(2):
            wait_for_filters(device)
            run("tc", "qdisc", "del", "dev", device, "root")
            make_htb()
        wait_for_filters(device)
    finally:
        keeper.close()


def wait_for_filters(device: str) -> None:
    deadline = time.monotonic() + 5
    while run("tc", "filter", "show", "dev", device).count("flowid 1:2") != 2:
        assert time.monotonic() < deadline, run("tc", "qdisc", "show", "dev", device)
        time.sleep(0.02)
