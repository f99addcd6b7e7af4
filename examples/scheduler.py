"""A small scheduler: keeps instances of a service placed while hosts come and go.

    python examples/scheduler.py --service web --count 50

Each round it asks which hosts are up, places what is missing on the least loaded of them, moves
what is on a host that is down, and removes what is too much: all of it as one revision. It prints
what a hypervisor would have to plug in.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from controller.client import Bulkhead

Item = Mapping[str, Any]


def plan_of(
    service: str, count: int, hosts: Collection[str], placed: Mapping[str, str]
) -> list[Item]:
    """What must be done so that ``count`` instances are on ``hosts``; ``placed``: name to host."""
    if not hosts:
        return []
    wanted = [f"{service}-{number}" for number in range(1, count + 1)]
    load = Counter(dict.fromkeys(hosts, 0))
    load.update(placed[name] for name in wanted if placed.get(name) in load)
    items: list[Item] = [
        {"op": "remove", "instance": name} for name in placed if name not in set(wanted)
    ]
    for name in wanted:
        if placed.get(name) in hosts:
            continue
        host = min(sorted(load), key=load.__getitem__)
        load[host] += 1
        if name in placed:
            items.append({"op": "move", "instance": name, "host": host})
        else:
            items.append({"op": "place", "instance": name, "service": service, "host": host})
    return items


def reconcile(site: Bulkhead, service: str, count: int, hosts: Collection[str]) -> int:
    """Bring the site to what is wanted; how many items that took."""
    found = site.objects("instances", f"service={service}")
    items = plan_of(service, count, hosts, {item["name"]: item["host"] for item in found})
    if not items:
        return 0
    for result in site.place(items, atomic=False, message=f"{count} of {service}", wait="stored"):
        if result.plug is not None:
            plug = result.plug
            print(f"{plug.host}: plug {plug.interface_id} {plug.mac} {plug.address}")
        for problem in result.problems:
            print(f"{result.subject}: {problem.message}")
    return len(items)


def hosts_up(site: Bulkhead) -> list[str]:
    """Hosts whose switch is connected."""
    switches: list[Mapping[str, Any]] = site.get("/v1/switches")
    return [switch["host"] for switch in switches if switch["host"] and switch["connected"]]


def main() -> None:
    """Reconcile now, and again whenever a switch comes or goes or somebody changes the intent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--service", required=True)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--once", action="store_true", help="one round, then end")
    options = parser.parse_args()
    with Bulkhead(options.server, author="scheduler") as site:
        revision = site.status()["revision"]
        reconcile(site, options.service, options.count, hosts_up(site))
        if options.once:
            return
        for event in site.events(since=revision):
            if event.kind in ("switch-up", "switch-down", "revision"):
                reconcile(site, options.service, options.count, hosts_up(site))


if __name__ == "__main__":
    main()
