"""Who was denied whom: samples of dropped packets, told once a minute for each pair.

One sender that tries everybody must not hide what others are denied: what is told of it in a minute
is limited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any, Final, NamedTuple

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.model.holdings import holdings
from controller.model.intent import Instance, Intent
from controller.model.meaning import verdict
from controller.packets.headers import Headers

WINDOW_S: Final = 60.0
MOST_PAIRS: Final = 1000
MOST_OF_ONE: Final = 20

_PROTOCOLS: Final = {PROTO_ICMP: "icmp", PROTO_TCP: "tcp", PROTO_UDP: "udp"}
_EVERYBODY: Final = IPv4Address("255.255.255.255")


class End(NamedTuple):
    """Sender or receiver: an instance, its service and tenant; or an address that nobody has."""

    name: str
    service: str | None = None
    tenant: str | None = None


class Denial(NamedTuple):
    """A dropped packet, and why it was."""

    source: End
    destination: End
    protocol: str
    port: int | None
    why: str

    def document(self) -> dict[str, Any]:
        """What an event says of it."""
        ends = self.source, self.destination
        return {
            "source": self.source.name,
            "destination": self.destination.name,
            "services": [end.service for end in ends],
            "tenants": [end.tenant for end in ends],
            "protocol": self.protocol,
            "port": self.port,
            "why": self.why,
        }


def denial(intent: Intent, vrf_id: int, headers: Headers) -> Denial | None:
    """What a dropped packet shows, whose addresses are read in a VRF.

    None for what is said to many, which reaches nobody here, and for what rules allow by now: it
    fell into a change.
    """
    vrf = next((vrf.name for vrf in intent.vrfs.values() if vrf.id == vrf_id), None)
    target = headers.destination
    if vrf is None or target.is_multicast or target == _EVERYBODY:
        return None
    view = holdings(intent).views[vrf]
    source = intent.instances.get(view.get(int(headers.source), ""))
    destination = intent.instances.get(view.get(int(target), ""))
    why = "no rule allows it"
    if destination is None:
        why = f"nobody that VRF {vrf} may reach has this address"
    elif source is not None:
        flow = headers.protocol, headers.port or 0, headers.dscp
        if verdict(intent, source, destination, *flow) is not None:
            return None
    return Denial(
        source=_end(intent, source, headers.source),
        destination=_end(intent, destination, target),
        protocol=_PROTOCOLS.get(headers.protocol, str(headers.protocol)),
        port=headers.port,
        why=why,
    )


def _end(intent: Intent, instance: Instance | None, address: IPv4Address) -> End:
    if instance is None:
        return End(str(address))
    return End(instance.name, instance.service, intent.services[instance.service].tenant)


@dataclass
class Denials:
    """Decides which denials are told; ``clock`` in seconds."""

    clock: Callable[[], float]
    _began_s: float = float("-inf")
    _told: set[tuple[str, str]] = field(default_factory=set)
    _of_one: Counter[str] = field(default_factory=Counter)

    def is_news(self, source: str, destination: str) -> bool:
        """Whether this pair is to be told now: the first time in a window."""
        now_s = self.clock()
        if now_s - self._began_s >= WINDOW_S:
            self._began_s = now_s
            self._told.clear()
            self._of_one.clear()
        if (source, destination) in self._told or self._of_one[source] >= MOST_OF_ONE:
            return False
        if len(self._told) >= MOST_PAIRS:
            return False
        self._told.add((source, destination))
        self._of_one[source] += 1
        return True
