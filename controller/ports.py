"""Ports and queues: what the switches' databases show, and what they should hold for a network."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from controller.host.queues import ClassQueue
from controller.model.intent import QosClass
from controller.model.network import Facts, Link, Network, Topology
from controller.settings import Settings
from controller.southbound.ovsdb import (
    Bridge,
    Observed,
    PortQos,
    Queue,
    SwitchDatabase,
    Wanted,
)

log = logging.getLogger(__name__)

PortKey = tuple[str, str]

_LEFT = "OVSDB %s has not answered: its switches are left as they are"
_EVERY_ADDRESS = ("0.0.0.0", "::")
_LEAST_BPS = 1000  # a queue without a guarantee still moves; HTB takes no rate of zero


class SwitchPorts:
    """Joins what all remotes show into facts, and follows a network with bridges and queues."""

    def __init__(
        self,
        settings: Settings,
        observe: Callable[[Facts], None],
        want_queues: Callable[[Mapping[str, tuple[ClassQueue, ...]]], None],
    ) -> None:
        self._settings = settings
        self._observe = observe
        self._want_queues = want_queues
        self.on_devices: Callable[[str, Mapping[PortKey, str]], None] = lambda _remote, _found: None
        self._shown: dict[str, Observed] = {}
        self._absent: set[str] = set()
        self._databases: Mapping[str, SwitchDatabase] = {}
        self._topology = Topology()
        self._network: Network | None = None
        self._waits = True

    def remotes(self, topology: Topology) -> list[str]:
        """The remotes of the topology's switches, each once."""
        return sorted({self._remote(name) for name in topology.switches})

    def connect(self, databases: Mapping[str, SwitchDatabase], topology: Topology) -> None:
        """The databases to declare to."""
        self._databases = databases
        self._topology = topology
        if not databases:
            self._observe(Facts())

    def teller(self, remote: str) -> Callable[[Observed], None]:
        """Takes what one remote shows; facts are known once every remote has shown itself.

        Those that are absent are not waited for.
        """

        def told(observed: Observed) -> None:
            self._shown[remote] = observed
            self.on_devices(remote, observed.devices)
            self._tell()

        return told

    def misser(self, remote: str) -> Callable[[], None]:
        """Takes that a remote was tried in vain: it refuses connections, or is not there."""

        def missed() -> None:
            if self._waits:
                log.warning(_LEFT, remote)
                self._absent.add(remote)
                self._tell()

        return missed

    def go_on(self) -> None:
        """Wait no longer for remotes that have not shown themselves: a dead host holds up none."""
        self._waits = False
        for remote in sorted(self._databases.keys() - self._shown.keys() - self._absent):
            log.warning(_LEFT, remote)
        self._tell()

    def _tell(self) -> None:
        if self._waits and self._databases.keys() - self._shown.keys() - self._absent:
            return
        self._waits = False
        self._observe(self._facts())
        self._declare_queues()

    def follow(self, network: Network) -> None:
        """Declare the bridges and queues of a network; nothing where they are those of before."""
        before, self._network = self._network, network
        if before is not None and _same_ports(before, network):
            return
        for remote, database in self._databases.items():
            mine = [n for n in network.topology.switches if self._remote(n) == remote]
            database.want(
                Wanted(
                    tuple(self._bridge(network.topology, name) for name in sorted(mine)),
                    {key: spec for key, spec in qos(network).items() if key[0] in mine},
                )
            )
        self._declare_queues()

    def _declare_queues(self) -> None:
        """Filters on devices of link ports, once their names are known."""
        if self._network is None:
            return
        devices = self._devices()
        classes = class_queues(self._network)
        self._want_queues({devices[key]: classes for key in qos(self._network) if key in devices})

    def _devices(self) -> dict[PortKey, str]:
        return {key: name for shown in self._shown.values() for key, name in shown.devices.items()}

    def _facts(self) -> Facts:
        ports: dict[PortKey, int] = {}
        down: set[PortKey] = set()
        for shown in self._shown.values():
            ports |= shown.ports
            down |= shown.down
        unseen = {n for n in self._topology.switches if self._remote(n) not in self._shown}
        return Facts(
            ports={key: number for key, number in ports.items() if key[0] != key[1]},
            down_links=frozenset(
                link.name
                for link in self._topology.links.values()
                if not all(
                    key[0] in unseen or (key in ports and key not in down) for key in ends(link)
                )
            ),
            unseen=frozenset(unseen),
        )

    def _bridge(self, topology: Topology, name: str) -> Bridge:
        host = self._settings.openflow_host
        here = "127.0.0.1" if host in _EVERY_ADDRESS else host
        kind = "ssl" if self._settings.switch_tls_cert else "tcp"
        target = f"{kind}:{here}:{self._settings.openflow_port}"
        return Bridge(
            name, topology.switches[name].datapath_id, target, self._settings.datapath_type
        )

    def _remote(self, switch: str) -> str:
        """The OVSDB remote of a switch: ``SWITCH=REMOTE`` items, or one remote for all."""
        parts = dict(item.split("=", 1) for item in self._settings.ovsdb.split(",") if "=" in item)
        return parts.get(switch, self._settings.ovsdb) if parts else self._settings.ovsdb


def _same_ports(one: Network, other: Network) -> bool:
    """Whether two networks ask for the same bridges and queues."""
    return one.topology is other.topology and one.intent.classes == other.intent.classes


def ends(link: Link) -> tuple[PortKey, PortKey]:
    """A link's two ports."""
    return (link.a.switch, link.a.port), (link.b.switch, link.b.port)


def qos(network: Network) -> dict[PortKey, PortQos]:
    """The queues of every port between switches, by the rates of its link."""
    return {
        key: _port_qos(link, network.intent.classes)
        for link in network.topology.links.values()
        for key in ends(link)
    }


def class_queues(network: Network) -> tuple[ClassQueue, ...]:
    """Which DSCP goes to which queue."""
    return tuple(
        ClassQueue(qos_class.dscp, qos_class.queue, first=qos_class.priority == 0)
        for qos_class in network.intent.classes.values()
    )


def _port_qos(link: Link, classes: Mapping[str, QosClass]) -> PortQos:
    rate = link.rate_mbps * 1_000_000
    queues = {
        c.queue: Queue(
            max(_LEAST_BPS, rate * c.min_rate_permille // 1000),
            max(_LEAST_BPS, rate * c.max_rate_permille // 1000),
            c.priority,
        )
        for c in classes.values()
    }
    return PortQos(rate, queues)
