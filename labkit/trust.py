"""Changes of every kind while probes and TCP connections run: what they lose, which is nothing.

All services of one VRF may probe each other by a rule of this module's own, which names them by
label alone and so holds wherever they are. Around each change some of its pairs exchange 1,000
datagrams a second and one transfers over TCP, those first that the change is about.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from labkit.controller import ControllerProcess
from labkit.jobs import RATE_BPS, RATE_HZ
from labkit.load import Load, LoadReport, Way
from labkit.migrate import migrate
from labkit.site import Site

PORT: Final = 7777
_RULE: Final = "trust-probe"
_OVERLAPPING: Final = "trust-overlapping"
_STREAMS: Final = 3  # more than two cores can answer at 1 kHz would measure the cores
_NARROW_MBPS: Final = 100
_VLANS: Final = range(5000, 8193)

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """A change, and the instances that it is about."""

    name: str
    subject: frozenset[str]
    make: Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial did to the load. ``called_s`` on the monotonic clock."""

    name: str
    answer: Answer
    called_s: float
    took_ms: float
    load: LoadReport

    @property
    def sound(self) -> bool:
        """Applied on every switch, nothing lost, the connection alive."""
        return bool(self.answer.get("applied", True)) and self.load.sound

    def text(self) -> str:
        """One line of the table."""
        load = self.load
        state = "alive" if load.alive else "CUT"
        return (
            f"{self.name:<24} {self.took_ms:>6.0f} ms  {load.lost:>3} of {load.sent:>5} lost,"
            f" longest wait {load.longest_ms:>4.0f} ms"
            f"  TCP {state}, {load.transferred_bytes / 1e6:.1f} MB, {load.retransmitted} resent"
        )


class Trust:
    """Trials on a running site."""

    def __init__(self, site: Site, controller: ControllerProcess, share: float = 1.0) -> None:
        """``share`` of the full load, for a machine that has other things to do."""
        self._site = site
        self._rates = {"rate_hz": RATE_HZ * share, "rate_bps": RATE_BPS * share}
        self._controller = controller
        instances = controller.get("/v1/instances")
        self._addresses = {i["name"]: i["ip"] for i in instances}
        tenant = _lone_tenant(controller)
        self._tenant, self._home = tenant["name"], tenant["vrf"]
        self._segment = tenant["segment"]
        self._members: Mapping[str, Any] = {
            i["name"]: i for i in instances if i["vrf"] == self._home
        }

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Let the VRF's instances probe each other while the body runs."""
        self._put_rule(_RULE, [f"udp/{PORT}", f"tcp/{PORT}"])
        for name in self._members:
            self._site.agents[name].ask("listen", tcp=[PORT], udp=[PORT])
        try:
            yield
        finally:
            self._delete_rule(_RULE)

    def trials(self) -> Iterator[Trial]:
        """Every kind of change, each undone by the next, so that they leave nothing behind."""
        tenant, instance = self._tenant_members(), self._migrant()
        one, anyone = frozenset({instance}), frozenset(self._members)
        here = self._members[instance]["host"]
        segment, free = self._controller.get(f"/v1/segments/{self._segment}"), self._free_vlan()
        there = self._other_vrf()
        yield Trial("nothing changed", anyone, dict)
        yield Trial("tenant to another VLAN", tenant, lambda: self._renumber(segment, free))
        yield Trial("tenant to its VLAN", tenant, lambda: self._renumber(segment, segment["vlan"]))
        yield Trial("tenant to another VRF", tenant, lambda: self._move(there))
        yield Trial("tenant to its VRF", tenant, lambda: self._move(self._home))
        yield Trial("instance to another host", one, self._migration(instance))
        yield Trial("instance to its host", one, self._migration(instance, here))
        wide = [f"udp/{PORT - 7}-{PORT + 8}", f"tcp/{PORT - 7}-{PORT + 8}"]
        yield Trial("rule added", anyone, lambda: self._put_rule(_OVERLAPPING, wide))
        yield Trial("rule withdrawn", anyone, lambda: self._delete_rule(_OVERLAPPING))
        plain = [f"udp/{PORT}", f"tcp/{PORT}"]
        yield Trial("class changed", anyone, lambda: self._put_rule(_RULE, plain, self._class()))
        yield Trial("class changed back", anyone, lambda: self._put_rule(_RULE, plain))

    def run(self, trial: Trial) -> Outcome:
        """Make the change while the load runs."""
        streams, transfers = ways(self._apart(), trial.subject)
        load = Load(self._site, self._addresses, streams, transfers, **self._rates)
        load.begin()
        called = time.monotonic()
        try:
            answer = trial.make()
        except RuntimeError:
            load.abandon()
            raise
        took_ms = (time.monotonic() - called) * 1000
        return Outcome(trial.name, answer, called, took_ms, load.finish())

    # The changes.

    def _renumber(self, segment: Mapping[str, Any], vlan: int) -> Answer:
        body = {**segment, "vlan": vlan}
        del body["name"]
        return dict(self._controller.put(f"/v1/segments/{self._segment}", body))

    def _move(self, vrf: str) -> Answer:
        wish = {"vrf": vrf, "vlan": "auto"}
        return dict(self._controller.post(f"/v1/tenants/{self._tenant}/move", wish))

    def _migration(self, name: str, host: str | None = None) -> Callable[[], Answer]:
        hosts = [s.host for s in self._site.topology.switches.values() if s.host]
        there = host or next(h for h in hosts if h != self._members[name]["host"])
        return lambda: migrate(self._site, self._controller, name, there)[0]

    def _put_rule(self, name: str, allow: Sequence[str], qos_class: str | None = None) -> Answer:
        services = sorted({i["service"] for i in self._members.values()})
        body: dict[str, Any] = {
            "from": {"service": services},
            "to": {"service": services},
            "allow": list(allow),
        }
        if qos_class:
            body["class"] = qos_class
        return dict(self._controller.put(f"/v1/rules/{name}", body))

    def _delete_rule(self, name: str) -> Answer:
        return dict(self._controller.delete(f"/v1/rules/{name}"))

    # What there is to choose from.

    def _apart(self) -> list[Way]:
        """Ways between instances on different hosts, without narrow links where there are others.

        A short queue on a narrow link drops what TCP sends at once, whatever the controller does.
        """
        narrow = {
            end.switch
            for link in self._site.topology.links.values()
            if link.rate_mbps < _NARROW_MBPS
            for end in (link.a, link.b)
        }
        everyone = list(self._members.values())
        roomy = [i for i in everyone if i["switch"] not in narrow]
        some = roomy if len({i["host"] for i in roomy}) > 1 else everyone
        return [
            Way(a["name"], b["name"], PORT) for a in some for b in some if a["host"] != b["host"]
        ]

    def _tenant_members(self) -> frozenset[str]:
        return frozenset(n for n, i in self._members.items() if i["tenant"] == self._tenant)

    def _migrant(self) -> str:
        """An instance of another tenant than the one that is moved."""
        others = [n for n, i in self._members.items() if i["tenant"] != self._tenant]
        return others[0]

    def _other_vrf(self) -> str:
        """A VRF that the tenant can go to: where its addresses are not taken."""
        path = f"/v1/tenants/{self._tenant}/move?dry_run=true"
        for vrf in self._controller.get("/v1/vrfs"):
            wish = {"vrf": vrf["name"], "vlan": "auto"}
            free = vrf["name"] != self._home
            if free and not self._controller.client.post(path, json=wish).is_error:
                return str(vrf["name"])
        raise RuntimeError(f"expected a VRF that tenant {self._tenant} can move to; found none")

    def _class(self) -> str:
        """A class with a DSCP, for a rule that has none."""
        classes = self._controller.get("/v1/classes")
        return str(next(c["name"] for c in classes if c["dscp"]))

    def _free_vlan(self) -> int:
        """A VLAN id that no segment has."""
        used = {s["vlan"] for s in self._controller.get("/v1/segments")}
        return next(vlan for vlan in _VLANS if vlan not in used)


def ways(apart: Sequence[Way], subject: frozenset[str]) -> tuple[list[Way], list[Way]]:
    """Streams both from and to the instances that a change is about, and one transfer."""
    leaving = [w for w in apart if w.source in subject and w.target not in subject] or apart
    arriving = [w for w in apart if w.target in subject and w.source not in subject] or apart
    streams = list(dict.fromkeys([leaving[0], arriving[-1], arriving[0], *apart]))[:_STREAMS]
    return streams, [leaving[-1]]


def _lone_tenant(controller: ControllerProcess) -> Mapping[str, Any]:
    """A tenant alone in its segment, among others in its VRF."""
    tenants = controller.get("/v1/tenants")
    for tenant in tenants:
        neighbours = [t for t in tenants if t["vrf"] == tenant["vrf"] and t is not tenant]
        if neighbours and all(t["segment"] != tenant["segment"] for t in neighbours):
            return dict(tenant)
    raise RuntimeError(
        "expected a tenant with a segment of its own, and others in its VRF; found none in this"
        " policy: use policies/flash-sale.yaml"
    )
