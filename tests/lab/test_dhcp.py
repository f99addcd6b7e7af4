"""DHCP with a real client: what it is told is what the intent says, and it can talk with that."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dpkt
import pytest

from controller.packets.dhcp import DISCOVER, OFFER
from labkit.site import Plug
from tests.lab.conftest import ROOT, Running
from tests.lab.test_real_packets import API, WEB, answers, inside

SCRIPT = ROOT / "labkit/udhcpc.sh"
TRIES = ("-t", "5", "-T", "1")


@pytest.fixture
def bare(running: Running) -> Iterator[str]:
    """An instance whose device has lost what it was given; it gets all of it back."""
    before = inside(WEB, "ip", "-4", "-o", "address", "show", "dev", "eth0").stdout.split()
    routes = inside(WEB, "ip", "route").stdout.splitlines()
    inside(WEB, "ip", "address", "flush", "dev", "eth0")
    yield WEB
    inside(WEB, "ip", "address", "flush", "dev", "eth0")
    inside(WEB, "ip", "address", "add", before[3], "dev", "eth0")
    for route in routes:
        inside(WEB, "ip", "route", "replace", *route.split())


def lease(name: str, answer: Path, *options: str) -> dict[str, str]:
    """What a client that ends once it has its lease was told."""
    done = subprocess.run(
        [
            *("ip", "netns", "exec", name, "udhcpc", "-i", "eth0", "-f", "-n", "-q", *TRIES),
            *("-O", "mtu", "-O", "staticroutes", "-s", str(SCRIPT), *options),
        ],
        env={"ANSWER": str(answer), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in answer.read_text().splitlines() if "=" in line)


def test_a_client_is_told_what_the_intent_says(running: Running, bare: str, tmp_path: Path) -> None:
    told = lease(bare, tmp_path / "answer")
    wanted = running.controller.get(f"/v1/instances/{bare}")
    assert told["ip"] == wanted["ip"]
    assert told["mask"] == str(wanted["prefix_length"])
    assert told["router"] == told["serverid"] == wanted["gateway"]
    assert told["mtu"] == str(wanted["mtu"])
    assert told["hostname"] == bare
    assert told["lease"] == str(running.controller.settings.get("dhcp_lease_s", 3600))
    assert answers(running) == API


def test_a_client_that_wants_another_address_is_given_its_own(
    running: Running, bare: str, tmp_path: Path
) -> None:
    told = lease(bare, tmp_path / "answer", "-r", "10.20.1.200")
    assert told["ip"] == running.controller.get(f"/v1/instances/{bare}")["ip"]


def test_a_moved_tenant_that_keeps_its_address_reaches_its_new_gateway(
    running: Running, bare: str, tmp_path: Path
) -> None:
    running.controller.post("/v1/tenants/shop/move", {"segment": "promotions"})
    try:
        told = lease(bare, tmp_path / "answer")
        wanted = running.controller.get(f"/v1/instances/{bare}")
        assert told["mask"] == "32"
        assert told["router"] == wanted["gateway"] == "10.20.3.1"
        assert inside(bare, "ping", "-c1", "-W1", wanted["gateway"]).returncode == 0
        assert answers(running) == API
    finally:
        running.controller.post("/v1/tenants/shop/move", {"segment": "orders"})


_SEND = """
import socket, sys
data, size = bytes.fromhex(sys.argv[1]), 1518
end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
end.bind(("eth0", 0))
end.settimeout(float(sys.argv[2]))
end.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA: where the kernel puts a tag it takes off
end.send(data)
try:
    while True:
        found, extra, _, _ = end.recvmsg(size, 64)
        tag = int.from_bytes(extra[0][2][16:18], sys.byteorder) if extra else 0
        if b"\\x63\\x82\\x53\\x63" in found and found != data:
            print(tag, found.hex())
            break
except TimeoutError:
    pass
"""


def exchanged(name: str, frame: bytes, wait_s: float = 5.0) -> tuple[int, bytes] | None:
    """The first DHCP frame that comes back: the 802.1Q tag that it had, and what is in it."""
    done = inside(name, sys.executable, "-c", _SEND, frame.hex(), str(wait_s))
    assert done.returncode == 0, done.stderr
    if not done.stdout:
        return None
    tag, _, data = done.stdout.partition(" ")
    return int(tag), bytes.fromhex(data)


def discover(mac: str, vlan: int = 0) -> bytes:
    """A frame in which a client looks for a server."""
    own = bytes.fromhex(mac.replace(":", ""))
    asked = dpkt.dhcp.DHCP(xid=0x6268, chaddr=own.ljust(16, b"\0"))
    asked.opts = ((dpkt.dhcp.DHCP_OPT_MSGTYPE, bytes([DISCOVER])),)
    data = bytes(asked)
    udp = dpkt.udp.UDP(sport=68, dport=67, ulen=8 + len(data), data=data)
    everybody = socket.inet_aton("255.255.255.255")
    packet = dpkt.ip.IP(src=bytes(4), dst=everybody, p=17, ttl=64, data=udp, len=28 + len(data))
    plain = bytes(dpkt.ethernet.Ethernet(src=own, dst=b"\xff" * 6, data=packet))
    tag = b"\x81\x00" + vlan.to_bytes(2, "big")
    return plain[:12] + tag + plain[12:] if vlan else plain


def test_a_nested_instance_is_answered_in_its_tag(running: Running) -> None:
    port = running.controller.get(f"/v1/instances/{WEB}")["port"]
    made = running.controller.put(
        "/v1/instances/web-9",
        {"service": "web", "host": "host-1", "port": port, "nested_vlan": 7},
    )
    try:
        found = exchanged(WEB, discover(made["mac"], 7))
        assert found is not None
        tag, data = found
        told = dpkt.dhcp.DHCP(dpkt.ethernet.Ethernet(data).data.data.data)
        assert tag == 7
        assert dict(told.opts)[dpkt.dhcp.DHCP_OPT_MSGTYPE] == bytes([OFFER])
        assert socket.inet_ntoa(told.yiaddr.to_bytes(4, "big")) == made["ip"]
    finally:
        running.controller.delete("/v1/instances/web-9")


def test_nobody_is_told_of_anothers_address(running: Running) -> None:
    plugged: dict[str, Plug] = running.site.plugs
    assert plugged[WEB].switch == plugged["web-2"].switch
    other = running.controller.get("/v1/instances/web-2")["mac"]
    assert exchanged(WEB, discover(other), wait_s=1.0) is None
    own = running.controller.get(f"/v1/instances/{WEB}")["mac"]
    assert exchanged(WEB, discover(own), wait_s=5.0) is not None
