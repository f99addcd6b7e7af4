"""Bulkhead's side of a comparison: the site, its controller as a user starts it, and timed changes.

The first host and the fabric are here, on the dummy datapath; further hosts are declared and
elsewhere, as unbound ports are in OVN: two cores need not do the work of five hosts. A call is
answered once each switch that is here has confirmed it and what changed was read back and proved.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final

import httpx

from bench import workload
from bench.http import Caller
from bench.live import LiveSite, instance_ports, link_ports, live_site
from bench.measure import say
from bench.memory import Resident, resident
from controller.model.encode import encode_intent, encode_object
from controller.model.intent import frozen
from controller.model.network import Network
from labkit.processes import eventually, family

_READY_S: Final = 300.0
_HOST: Final = "edge-0"


def site_of(services: int) -> Network:
    """A site whose first host has the first 2,000 instances, its second the next, and so on.

    A lone host has no fabric above it.
    """
    hosts = max(1, ceil(services / workload.PER_HOST))
    topology = workload.topology_of(hosts)
    if hosts == 1:
        topology = replace(topology, switches={_HOST: topology.switches[_HOST]}, links={})
    intent = workload.intent_of(services, hosts)
    placed = {
        name: replace(instance, host=f"host-{number // workload.PER_HOST}")
        for number, (name, instance) in enumerate(intent.instances.items())
    }
    intent = replace(intent, instances=frozen(placed))
    return Network(intent, topology, workload.facts_of(intent, topology))


@dataclass(frozen=True, slots=True)
class Start:
    """A start of the controller: seconds until all was in sync, and until it took requests."""

    took_s: float
    answering_s: float


@dataclass(frozen=True, slots=True)
class Anew:
    """A switch that was programmed from nothing: seconds from its session on, and from the cut.

    Between the two Open vSwitch takes its bridge up again, twice, with all its ports.
    """

    took_s: float
    from_cut_s: float


@dataclass(frozen=True, slots=True)
class Rig:
    """A site that runs. Its ports are plugged."""

    site: LiveSite
    network: Network
    caller: Caller

    def apply_site(self) -> None:
        """The whole site at once. Raises RuntimeError where the switches do not have it in time."""
        document = {"document": encode_intent(self.network.intent)}
        answer = self.site.controller.post(f"/v1/apply?timeout={_READY_S:.0f}", document)
        if not self._is_done(answer):
            raise RuntimeError(f"the site was expected on its switches: {answer}")

    def relabel(self, number: int) -> None:
        """One service gets another label. Each number is another service."""
        name = f"service-{number}"
        service = self.network.intent.services[name]
        app = f"a{(number + 1) % workload.APPS}"
        self._applied("PUT", f"services/{name}", {"tenant": service.tenant, "labels": {"app": app}})

    def add_rule(self, number: int) -> None:
        """One rule more, on a port of its own."""
        body = encode_object("rules", workload.rule_of(workload.RULES + number))
        self._applied("PUT", f"rules/extra-{number}", body)

    def move_tenant(self, number: int) -> None:
        """A tenant of twenty goes to another VLAN in the other VRF."""
        tenant = self.network.intent.tenants[f"tenant-{number}"]
        here = self.network.intent.segments[tenant.segment].vrf
        there = next(vrf for vrf in self.network.intent.vrfs if vrf != here)
        self._applied("POST", f"tenants/{tenant.name}/move", {"vrf": there, "vlan": "auto"})

    def flows(self) -> int:
        """Flows on the first host's switch, as the switch counts them."""
        text = self.site.ovs_of(_HOST).ofctl("dump-aggregate", _HOST)
        return int(text.rsplit("flow_count=", 1)[1].split()[0])

    def program_anew(self) -> Anew:
        """Empty the first host's switch and cut its session, until all is back.

        The controller runs and has the site stored. The switch itself says when it is programmed,
        and the controller then when it has read that back.
        """
        before, ovs = self.flows(), self.site.ovs_of(_HOST)
        ovs.ofctl("del-flows", _HOST)
        began = datetime.now(UTC)
        ovs.cut(_HOST)
        eventually(lambda: self._session_at() > began, f"a new session of {_HOST}", _READY_S)
        eventually(lambda: self.flows() == before, f"{before} flows on {_HOST}", _READY_S)
        self.site.wait_in_sync(timeout_s=_READY_S)
        ended, session = datetime.now(UTC), self._session_at()
        return Anew((ended - session).total_seconds(), (ended - began).total_seconds())

    def _session_at(self) -> datetime:
        """When the first host's switch has connected last."""
        events = self.site.controller.get("/v1/events", follow=False)
        of_it = [e for e in events if e["kind"] == "switch-up" and e["data"]["switch"] == _HOST]
        return datetime.fromisoformat(of_it[-1]["at"])

    def start_anew(self) -> Start:
        """Empty every switch and start the controller, until all is as it was.

        Raises RuntimeError where the first host's switch does not hold as much as before.
        """
        controller, before = self.site.controller, self.flows()
        controller.stop()
        for name in self.network.topology.switches.keys() - self.site.elsewhere:
            # Without a controller: one that was lost is tried again only after up to 8 s.
            self.site.ovs_of(name).vsctl("del-controller", name)
            self.site.ovs_of(name).ofctl("del-flows", name)
        began = time.monotonic()
        controller.start()
        self.site.wait_answering(_READY_S)
        answering_s = time.monotonic() - began
        self.site.wait_in_sync(timeout_s=_READY_S)
        took_s = time.monotonic() - began
        if (found := self.flows()) != before:
            raise RuntimeError(f"{before} flows were expected after a start, {found} are there")
        return Start(took_s, answering_s)

    def memory(self) -> Resident:
        """What the controller's processes hold."""
        process = self.site.controller.process
        return resident(family(process.pid) if process is not None else ())

    def _applied(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        """Raises RuntimeError where it did not come true."""
        answer = self.caller.ask(method, f"/v1/{path}", body)
        if not (self._is_done(answer) and answer["changed"]):
            raise RuntimeError(f"{method} {path} was expected to change the switches: {answer}")

    def _is_done(self, answer: Mapping[str, Any]) -> bool:
        return self.site.elsewhere >= answer["pending"].keys()


@contextmanager
def rig(services: int) -> Iterator[Rig]:
    """A site of so many services whose ports are plugged, and of which nothing is stored."""
    network = site_of(services)
    hosts = [name for name, switch in network.topology.switches.items() if switch.host]
    away = [name for name in hosts if name != _HOST]
    # Set where this machine's users debug: each start would compile the controller's modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What is emptied is not to be found and mended before its session has ended.
    settings = {"audit_s": 3600, "apart": [_HOST], "elsewhere": away, "stored": False}
    with live_site("compare", network, **settings) as site:
        site.controller.client.timeout = httpx.Timeout(_READY_S)
        began = time.monotonic()
        every = [*link_ports(network), *instance_ports(network)]
        here = [port for port in every if port.bridge not in site.elsewhere]
        site.plug(here, "dummy")
        site.wait_bound(len(here), _READY_S)
        say(f"  {len(here)} ports are plugged in {time.monotonic() - began:.1f} s")
        with contextlib.closing(Caller("127.0.0.1", site.controller.rest_port, _READY_S)) as caller:
            yield Rig(site, network, caller)
