"""What is left to be had: instances and rates of hosts, VLAN ids, subnets, addresses."""

from __future__ import annotations

from collections import Counter
from typing import Final

from controller.errors import NotFound
from controller.model.intent import INSTANCE_ID_MAX, VLAN_ID_MAX, VLAN_ID_MIN, Intent, Segment
from controller.model.network import Network, Switch
from controller.model.problems import closest
from controller.model.subnets import SUBNET_POOL, pool_indices
from controller.northbound.views import Body

INSTANCES_OF_A_HOST: Final = 2000
"""What a host is built and measured for. More are not refused."""

_SUBNETS: Final = SUBNET_POOL.num_addresses // 256


def capacity(network: Network, host: str | None = None) -> Body:
    """Of the site, and of its hosts or of one. Raises NotFound."""
    intent = network.intent
    edges = {s.host: s for s in network.topology.switches.values() if s.role == "edge"}
    if host is not None and host not in edges:
        raise NotFound(f"there is no host `{host}`{closest(host, edges)}")
    here = Counter(instance.host for instance in intent.instances.values())
    in_segment = Counter(intent.segment_of(i).name for i in intent.instances.values())
    chosen = [edges[host]] if host is not None else list(edges.values())
    return {
        "instances": _left(INSTANCE_ID_MAX, len(intent.instances)),
        "hosts": [_host(network, edge, here[edge.host]) for edge in chosen],
        "vrfs": [_vrf(intent, name) for name in intent.vrfs],
        "segments": [_segment(s, in_segment[s.name]) for s in intent.segments.values()],
    }


def _left(total: int, used: int) -> Body:
    return {"total": total, "used": used, "free": max(0, total - used)}


def _host(network: Network, edge: Switch, used: int) -> Body:
    """A host: its instances, and of each of its links what classes have reserved."""
    classes = network.intent.classes.values()
    permille = sum(qos_class.min_rate_permille for qos_class in classes)
    return {
        "host": edge.host,
        "switch": edge.name,
        "instances": _left(INSTANCES_OF_A_HOST, used),
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
    taken = {index for segment in own for index in pool_indices(segment.subnet)}
    return {
        "vrf": name,
        "vlans": _left(VLAN_ID_MAX - VLAN_ID_MIN + 1, len({s.vlan for s in own})),
        "subnets": {"pool": str(SUBNET_POOL), **_left(_SUBNETS, len(taken))},
    }


def _segment(segment: Segment, used: int) -> Body:
    """A segment: its addresses without the network's, the broadcast address and the gateway."""
    hosts = segment.subnet.num_addresses - 3
    return {
        "segment": segment.name,
        "vrf": segment.vrf,
        "vlan": segment.vlan,
        "subnet": str(segment.subnet),
        "addresses": _left(hosts, used),
    }
