"""What is left to be had: instances, ports and rates of hosts, VLAN ids, subnets, addresses."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from typing import Final

from controller.errors import NotFound
from controller.model.holdings import holdings
from controller.model.intent import INSTANCE_ID_MAX, VLAN_ID_MAX, VLAN_ID_MIN, Intent, Segment
from controller.model.network import Network, Switch
from controller.model.problems import closest
from controller.model.reserved import reserved_hosts
from controller.model.subnets import blocks_of
from controller.northbound.views import Body

INSTANCES_OF_A_HOST: Final = 2000
"""What a host is built and measured for. More are not refused."""

PORTS_OF_A_HOST: Final = INSTANCES_OF_A_HOST
"""An instance needs a port at most; those nested in one VM share its port."""


def capacity(network: Network, host: str | None = None) -> Body:
    """Of the site, and of its hosts or of one. Raises NotFound."""
    intent = network.intent
    edges = {s.host: s for s in network.topology.switches.values() if s.role == "edge"}
    if host is not None and host not in edges:
        raise NotFound(f"there is no host `{host}`{closest(host, edges)}")
    here = Counter(instance.host for instance in intent.instances.values())
    ports = Counter(host for host, _ in {(i.host, i.port) for i in intent.instances.values()})
    addresses = _addresses(intent)
    chosen = [edges[host]] if host is not None else list(edges.values())
    return {
        "instances": _left(INSTANCE_ID_MAX, len(intent.instances)),
        "hosts": [_host(network, edge, here[edge.host], ports[edge.host]) for edge in chosen],
        "vrfs": [_vrf(intent, name) for name in intent.vrfs],
        "segments": [_segment(s, addresses[s.name]) for s in intent.segments.values()],
    }


def _left(total: int, used: int) -> Body:
    return {"total": total, "used": used, "free": max(0, total - used)}


def _addresses(intent: Intent) -> Counter[str]:
    """How many addresses of each segment's subnet instances have.

    All that its VRF resolves: also those of a tenant that left the segment and kept its addresses,
    and not those of one that came with addresses from elsewhere.
    """
    found: Counter[str] = Counter()
    by_vrf: dict[str, list[Segment]] = defaultdict(list)
    for segment in intent.segments.values():
        by_vrf[segment.vrf].append(segment)
    views = holdings(intent).views
    for vrf, segments in by_vrf.items():
        segments.sort(key=lambda segment: segment.subnet)
        firsts = [int(segment.subnet.network_address) for segment in segments]
        for address in views[vrf]:
            index = bisect_right(firsts, address) - 1
            if index >= 0 and address <= int(segments[index].subnet.broadcast_address):
                found[segments[index].name] += 1
    return found


def _host(network: Network, edge: Switch, used: int, ports: int) -> Body:
    """A host: its instances, their ports, and of each of its links what classes have reserved."""
    classes = network.intent.classes.values()
    permille = sum(qos_class.min_rate_permille for qos_class in classes)
    return {
        "host": edge.host,
        "switch": edge.name,
        "instances": _left(INSTANCES_OF_A_HOST, used),
        "ports": _left(PORTS_OF_A_HOST, ports),
        "links": [
            {
                "name": link.name,
                "up": link.name not in network.facts.down_links,
                "rate_mbps": link.rate_mbps,
                "reserved_mbps": {
                    c.name: link.rate_mbps * c.min_rate_permille / 1000
                    for c in classes
                    if c.min_rate_permille
                },
                "unreserved_mbps": link.rate_mbps * max(0, 1000 - permille) / 1000,
            }
            for link in network.topology.links.values()
            if edge.name in (link.a.switch, link.b.switch)
        ],
    }


def _vrf(intent: Intent, name: str) -> Body:
    """A VRF: VLAN ids, and the subnets of the pool that new segments get theirs of."""
    own = [segment for segment in intent.segments.values() if segment.vrf == name]
    pool = intent.vrfs[name].pool
    taken = {block for segment in own for block in blocks_of(pool, segment.subnet)}
    return {
        "vrf": name,
        "vlans": _left(VLAN_ID_MAX - VLAN_ID_MIN + 1, len({s.vlan for s in own})),
        "subnets": {"pool": str(pool), **_left(len(blocks_of(pool)), len(taken))},
    }


def _segment(segment: Segment, used: int) -> Body:
    """A segment: its addresses without the network's, the broadcast address, the gateway and those
    that are reserved."""
    reserved = reserved_hosts(segment)
    hosts = segment.subnet.num_addresses - 3 - reserved
    return {
        "segment": segment.name,
        "vrf": segment.vrf,
        "vlan": segment.vlan,
        "subnet": str(segment.subnet),
        "addresses": _left(hosts, used),
        "reserved": reserved,
    }
