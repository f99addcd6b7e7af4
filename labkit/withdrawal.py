"""What is withdrawn under traffic: nothing arrives any more once the write has answered.

Arrivals are stamped by the kernel at the receiver's device, so neither a late reader nor an early
one can mistake a packet's time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from labkit.controller import ControllerProcess
from labkit.load import Load, LoadReport, Way
from labkit.site import Site

PORT: Final = 7790
_RULE: Final = "trust-withdrawn"
_LISTEN_S: Final = 1.5  # three of TCP's first retransmissions


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of one pair. Times are ms after the call: of the answer, of the last arrivals.

    ``arrived``, ``last_ms`` and ``late`` by protocol, ``late`` those that came after the answer;
    ``tracked``: entries that connection tracking still has.
    """

    way: Way
    took_ms: float
    arrived: Mapping[str, int]
    last_ms: Mapping[str, float]
    late: Mapping[str, float]
    load: LoadReport
    tracked: Sequence[str]

    @property
    def sound(self) -> bool:
        """Both protocols passed before, neither after the answer, and the connection is cut."""
        return self.arrived.keys() == {"udp", "tcp"} and not self.late and not self.load.alive

    @property
    def forgotten(self) -> bool:
        """Whether connection tracking knows nothing of the pair any more."""
        return not self.tracked

    def text(self) -> str:
        """One line of the table."""
        last = ", ".join(f"{name} {moment:.0f} ms" for name, moment in sorted(self.last_ms.items()))
        return f"{self.way}: answered after {self.took_ms:.0f} ms, last arrival {last}"


class Permission:
    """A rule for a pair's services, put and deleted."""

    def __init__(self, controller: ControllerProcess, way: Way) -> None:
        instances = {i["name"]: i for i in controller.get("/v1/instances")}
        self.controller = controller
        self.source, self.target = instances[way.source], instances[way.target]
        self.rule = {
            "from": {"service": self.source["service"]},
            "to": {"service": self.target["service"]},
            "allow": [f"udp/{way.port}", f"tcp/{way.port}"],
        }

    def give(self) -> None:
        """From now on the pair may."""
        self.controller.put(f"/v1/rules/{_RULE}", self.rule)

    def take(self) -> None:
        """And now no more; returns with the controller's answer."""
        self.controller.delete(f"/v1/rules/{_RULE}")


class PermissionByLabel(Permission):
    """A rule for a label, which the source's service gets and loses."""

    def __init__(self, controller: ControllerProcess, way: Way) -> None:
        super().__init__(controller, way)
        rule = {**self.rule, "from": {"trust": "yes"}}
        controller.put(f"/v1/rules/{_RULE}", rule)
        self._path = f"/v1/services/{self.source['service']}"
        service = controller.get(self._path)
        self._service = {"tenant": service["tenant"], "labels": service.get("labels", {})}

    def give(self) -> None:
        """The service gets the label."""
        labels = {**self._service["labels"], "trust": "yes"}
        self.controller.put(self._path, {**self._service, "labels": labels})

    def take(self) -> None:
        """The service loses it."""
        self.controller.put(self._path, self._service)


def withdraw(
    site: Site, controller: ControllerProcess, way: Way, by: type[Permission] = Permission
) -> Withdrawn:
    """Allow a pair of services for this, let both protocols run, and withdraw what allows it."""
    permission = by(controller, way)
    source, target = permission.source, permission.target
    permission.give()
    receiver = site.agents[way.target]
    receiver.ask("listen", tcp=[way.port], udp=[way.port])
    receiver.ask("begin", job="arrivals", key="arrivals", source=source["ip"])
    load = Load(site, {way.target: target["ip"]}, [way], [way])
    load.begin()
    called = time.monotonic()
    permission.take()
    answered = time.monotonic()
    tracked = _tracked(site, f"orig=(src={source['ip']},dst={target['ip']},")
    time.sleep(_LISTEN_S)
    report = load.finish()
    seen: Mapping[str, Any] = receiver.ask("finish", key="arrivals")
    mine = {key.split("/")[0]: e for key, e in seen.items() if key.endswith(f"/{way.port}")}
    return Withdrawn(
        way=way,
        took_ms=(answered - called) * 1000,
        arrived={name: entry["count"] for name, entry in mine.items()},
        last_ms={name: (entry["last_at"] - called) * 1000 for name, entry in mine.items()},
        late={
            n: (e["last_at"] - answered) * 1000 for n, e in mine.items() if e["last_at"] > answered
        },
        load=report,
        tracked=tracked,
    )


def pairs(controller: ControllerProcess) -> tuple[Way, Way]:
    """Two instances of different services in one VRF: on one host, and on two."""
    instances = controller.get("/v1/instances")
    couples = [
        (a, b)
        for a in instances
        for b in instances
        if a["vrf"] == b["vrf"] and a["service"] != b["service"]
    ]
    near = [(a, b) for a, b in couples if a["host"] == b["host"]]
    far = [(a, b) for a, b in couples if a["host"] != b["host"]]
    if not near or not far:
        raise RuntimeError(
            "expected two services of one VRF with instances on the same host and on two; found"
            " none in this policy: use policies/flash-sale.yaml"
        )
    found = [Way(a["name"], b["name"], PORT) for a, b in (near[0], far[0])]
    return found[0], found[1]


def _tracked(site: Site, addresses: str) -> list[str]:
    """Entries of connection tracking for the addresses and the port, in any zone."""
    lines = site.ovs.appctl("dpctl/dump-conntrack").splitlines()
    return [line for line in lines if addresses in line and f"dport={PORT})" in line]
