"""Probes by every instance of a site: within each VRF, each instance probes the next one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import httpx

from labkit.controller import ControllerProcess
from labkit.load import Way
from labkit.site import Site

PORT: Final = 7800


@contextmanager
def ring_rules(site: Site, controller: ControllerProcess) -> Iterator[list[Way]]:
    """Let each VRF's services probe each other while the body runs; the ways of the rings."""
    found: list[Way] = []
    rules: list[str] = []
    instances = controller.get("/v1/instances")
    for vrf in sorted({i["vrf"] for i in instances}):
        members = [i for i in instances if i["vrf"] == vrf]
        services = sorted({i["service"] for i in members})
        rule = f"trust-ring-{vrf}"
        sides = {"from": {"service": services}, "to": {"service": services}}
        controller.put(f"/v1/rules/{rule}", {**sides, "allow": [f"udp/{PORT}"]})
        rules.append(rule)
        # By service before host, so that most neighbours are on different hosts.
        names = [i["name"] for i in sorted(members, key=lambda i: (i["service"], i["host"]))]
        if len(names) > 1:
            found += [Way(a, b, PORT) for a, b in zip(names, [*names[1:], names[0]], strict=True)]
    for way in found:
        site.agents[way.target].ask("listen", tcp=[], udp=[PORT])
    try:
        yield found
    finally:
        with suppress(httpx.HTTPError):  # after an error that matters more it may not be there
            for rule in rules:
                controller.delete(f"/v1/rules/{rule}")
