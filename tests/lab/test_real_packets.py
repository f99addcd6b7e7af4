"""What only real packets can show: spoofing, a switch that dies, overlapping addresses."""

from __future__ import annotations

import subprocess

import httpx

from labkit.pairs import check_pairs
from tests.lab.conftest import Running

WEB, API = "web-1", "order-api-2"


def inside(name: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ip", "netns", "exec", name, *command], capture_output=True, text=True, check=False
    )


def address(running: Running, name: str) -> str:
    return str(running.controller.get(f"/v1/instances/{name}")["ip"])


def answers(running: Running, port: int = 8080, protocol: str = "tcp") -> str | None:
    return asked(running, WEB, API, protocol, port)


def asked(running: Running, asker: str, target: str, protocol: str, port: int) -> str | None:
    """Who answers an instance at another's address, once the cache follows the tables."""
    running.site.ovs.wait_cache()
    question = [address(running, target), protocol, port]
    (found,) = running.site.agents[asker].ask("probe", targets=[question], timeout_s=1.0)
    return None if found is None else str(found)


def flows(running: Running) -> dict[str, set[str]]:
    """Every entry of every switch without its counters."""
    ovs = running.site.ovs
    return {
        name: set(ovs.ofctl("dump-flows --no-stats", name).splitlines())
        for name in running.site.topology.switches
    }


def test_an_allowed_pair_talks(running: Running) -> None:
    assert answers(running) == API
    assert answers(running, 9) is None


def test_the_gateway_answers_ping(running: Running) -> None:
    gateway = running.controller.get(f"/v1/instances/{WEB}")["gateway"]
    assert inside(WEB, "ping", "-c1", "-W1", gateway).returncode == 0


def test_a_foreign_source_address_gets_nowhere(running: Running) -> None:
    spoofed = "10.20.1.200"
    inside(WEB, "ip", "address", "add", f"{spoofed}/32", "dev", "eth0")
    try:
        probe = (
            "import socket; s = socket.socket(); s.settimeout(1);"
            f"s.bind(('{spoofed}', 0)); s.connect(('{address(running, API)}', 8080))"
        )
        done = inside(WEB, "python3", "-c", probe)
        assert "timed out" in done.stderr
    finally:
        inside(WEB, "ip", "address", "del", f"{spoofed}/32", "dev", "eth0")


def test_a_foreign_mac_gets_nowhere(running: Running) -> None:
    own = running.controller.get(f"/v1/instances/{WEB}")
    gateway = own["gateway"]
    inside(WEB, "ip", "link", "set", "eth0", "address", "02:b0:00:00:00:fe")
    try:
        assert answers(running) is None
    finally:
        inside(WEB, "ip", "link", "set", "eth0", "address", own["mac"])
        inside(WEB, "ip", "route", "replace", "default", "via", gateway, "dev", "eth0", "onlink")
    assert answers(running) == API


def test_an_arp_lie_reaches_nobody(running: Running) -> None:
    """An instance that claims its neighbour's and its gateway's address: nobody hears of it."""
    gateway = running.controller.get(f"/v1/instances/{WEB}")["gateway"]
    ear = subprocess.Popen(
        ["ip", "netns", "exec", "web-2", "tcpdump", "-l", "-n", "-i", "eth0", "arp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert ear.stderr is not None
        while "listening on" not in ear.stderr.readline():
            pass
        for claimed in (gateway, address(running, "web-2")):
            inside(WEB, "arping", "-c2", "-w1", "-U", "-I", "eth0", "-S", claimed, claimed)
            inside(WEB, "arping", "-c2", "-w1", "-U", "-I", "eth0", "-s", claimed, claimed)
    finally:
        ear.terminate()
    heard, _ = ear.communicate(timeout=5)
    assert "is-at" not in heard, heard
    assert "who-has" not in heard, heard


def test_overlapping_addresses_never_mix(running: Running) -> None:
    bastion, web = (address(running, name) for name in ("bastion-1", WEB))
    assert bastion == web
    assert asked(running, "bastion-1", "console-2", "tcp", 22) == "console-2"
    assert answers(running) == API


def test_a_wrong_document_changes_nothing(running: Running) -> None:
    before = flows(running), running.controller.get("/v1/status")["revision"]
    document = {
        "document": {
            "vrfs": {"business": {"id": 100}},
            "segments": {"orders": {"vrf": "nowhere", "vlan": 12}},
            "rules": [{"name": "x", "from": {}, "to": {}, "allow": ["tcp/99999"]}],
        }
    }
    answer = running.controller.client.post("/v1/apply", json=document)
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert len(answer.json()["errors"]) >= 3
    assert (flows(running), running.controller.get("/v1/status")["revision"]) == before


def test_a_switch_that_died_gets_its_program_back(running: Running) -> None:
    before = {name: len(entries) for name, entries in flows(running).items()}
    running.site.ovs.kill_switch()
    running.site.ovs.start_switch()
    running.controller.wait_ready()
    assert {name: len(entries) for name, entries in flows(running).items()} == before
    report = check_pairs(running.site, running.controller)
    assert report.sound, (report.leaks, report.blocked)
