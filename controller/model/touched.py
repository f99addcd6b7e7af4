"""What a change of some objects means for others: the services and instances that it touches."""

from __future__ import annotations

from collections.abc import Mapping

from controller.model.differences import different
from controller.model.groups import belongings, members, plugged
from controller.model.intent import Intent
from controller.model.network import Network


def touched_services(old: Intent, new: Intent) -> set[str]:
    """Services that came, went or differ, or whose tenant or segment does."""
    segments = different(old.segments, new.segments)
    tenants = different(old.tenants, new.tenants)
    if segments:
        tenants |= members(belongings(new, "tenants"), segments)
    services = different(old.services, new.services)
    if tenants:
        services |= members(belongings(new, "services"), tenants)
    return services


def touched_instances(
    old: Network,
    new: Network,
    keys: tuple[Mapping[str, object], Mapping[str, object]],
) -> set[str]:
    """Instances that came, went or differ, or whose service, tenant, segment or port does.

    ``keys`` are the identities of both networks' services.
    """
    names = different(old.intent.instances, new.intent.instances)
    services = touched_services(old.intent, new.intent) | different(*keys)
    if services:
        names |= members(belongings(new.intent, "instances"), services)
    return names | _replugged(old, new)


def _replugged(old: Network, new: Network) -> set[str]:
    ports = different(old.facts.ports, new.facts.ports)
    if not ports:
        return set()
    edges = {switch.host: switch.name for switch in new.topology.switches.values()}
    instances = new.intent.instances
    maybe = members(plugged(new.intent), {port for _, port in ports})
    return {n for n in maybe if (edges.get(instances[n].host), instances[n].port) in ports}
