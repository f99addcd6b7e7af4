"""OpenFlow and OVSDB over TLS, with a real Open vSwitch and the stock ryu-manager."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from controller.errors import Invalid
from controller.settings import load
from labkit.controller import ControllerProcess, free_port
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs

ROOT = Path(__file__).parents[2]
BRIDGES = ("edge-1", "edge-2", "fabric-1")


def files(folder: Path, name: str, authority: trustme.CA) -> tuple[str, str, str]:
    """Key, certificate and authority, as `ovs-vsctl set-ssl` takes them."""
    made = authority.issue_cert(common_name=name)
    key, certificate, ca = (folder / f"{name}-{part}.pem" for part in ("key", "cert", "ca"))
    made.private_key_pem.write_to_path(str(key))
    for blob in made.cert_chain_pems:
        blob.write_to_path(str(certificate), append=True)
    authority.cert_pem.write_to_path(str(ca))
    return str(key), str(certificate), str(ca)


@dataclass(frozen=True)
class Secured:
    """A site whose switches and controller know each other by certificates."""

    ovs: PrivateOvs
    controller: ControllerProcess
    folder: Path
    own: tuple[str, str, str]

    def connected(self) -> list[str]:
        """The targets of bridges that have a session."""
        rows = self.ovs.vsctl(
            "--format=csv", "--no-headings", "--columns=is_connected,target", "list", "Controller"
        )
        return [
            row.partition(",")[2].strip('"') for row in rows.splitlines() if row.startswith("true")
        ]

    def cut_off(self) -> bool:
        """Whether nobody is connected; cuts who is.

        A wrong address that the controller puts right before Open vSwitch looks is not seen.
        """
        left = [s["name"] for s in self.controller.get("/v1/switches") if s["connected"]]
        for name in left:
            self.ovs.cut(name)
        return not left

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, self.controller.log_file.read_text()[-3000:]
            time.sleep(0.05)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("switch-tls")
    authority = trustme.CA()
    switch, ours = (files(folder, name, authority) for name in ("switch", "controller"))
    ledger, port = Ledger.create("test-switch-tls"), free_port()
    try:
        with PrivateOvs(ledger) as ovs:
            ovs.vsctl("set-ssl", *switch, "--", "set-manager", f"pssl:{port}:127.0.0.1")
            controller = ControllerProcess(
                ledger,
                topology=ROOT / "topologies/small.yaml",
                policy=ROOT / "policies/small.yaml",
                ovsdb=f"ssl:127.0.0.1:{port}",
                switch_tls_key=ours[0],
                switch_tls_cert=ours[1],
                switch_tls_ca=ours[2],
            )
            try:
                controller.start()
                controller.wait_ready()
                yield Secured(ovs, controller, folder, switch)
            finally:
                controller.stop()
    finally:
        ledger.clean()


def test_every_switch_has_a_session_and_its_program(secured: Secured) -> None:
    port = secured.controller.settings["openflow_port"]
    wanted = [f"ssl:127.0.0.1:{port}"] * len(BRIDGES)
    secured.until(lambda: secured.connected() == wanted)  # Open vSwitch tells it every 5 s
    for switch in secured.controller.get("/v1/switches"):
        assert switch["in_sync"] and switch["entries"] > 0
    assert secured.controller.post("/v1/verify", {})["holds"]


def test_a_stranger_has_none(secured: Secured) -> None:
    stranger = files(secured.folder, "stranger", trustme.CA())
    secured.ovs.vsctl("set-ssl", stranger[0], stranger[1], secured.own[2])
    try:
        secured.until(secured.cut_off)
        secured.until(lambda: secured.connected() == [])  # Open vSwitch tells it every 5 s
    finally:
        secured.ovs.vsctl("set-ssl", *secured.own)
    secured.until(lambda: len(secured.connected()) == len(BRIDGES))
    secured.controller.wait_ready()


@pytest.mark.parametrize(
    "environment",
    [
        {"BULKHEAD_SWITCH_TLS_CERT": __file__},
        {"BULKHEAD_OVSDB": "edge-1=ssl:192.0.2.1:6640"},
    ],
)
def test_what_is_missing_is_told(environment: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="switch_tls_"):
        load(environment=environment)
