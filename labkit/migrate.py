"""An instance migrated to another host as a hypervisor does it: plugged there before it leaves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from labkit.controller import ControllerProcess
from labkit.site import Site

_SEEN_S: Final = 10.0
_POLL_S: Final = 0.02


def migrate(
    site: Site, controller: ControllerProcess, name: str, host: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Plug an instance at the new host too, pause and move it, unplug it at the old one.

    Returns the answer of the move and when the instance changed over (:class:`follow.Follow`).
    """
    instance = controller.get(f"/v1/instances/{name}")
    switch = edge_of(site, host)
    old = site.plugs[name]
    device = site.plug_again(instance, switch)
    _wait_seen(controller, name, host, switch)
    agent = site.agents[name]
    subnet = controller.get(f"/v1/segments/{instance['segment']}")["subnet"]
    ways = {"address": instance["ip"], "subnet": subnet, "gateway": instance["gateway"]}
    agent.ask("begin", job="follow", key="follow", device=device, **ways)
    agent.ask("pause")
    try:
        answer = controller.post(f"/v1/instances/{name}/move", {"host": host})
    finally:
        followed = agent.ask("finish", key="follow")
        agent.ask("resume")
    site.unplug(old)
    return answer, followed


def edge_of(site: Site, host: str) -> str:
    """The edge switch of a host."""
    return next(s.name for s in site.topology.switches.values() if s.host == host)


def _wait_seen(controller: ControllerProcess, name: str, host: str, switch: str) -> None:
    """Wait until the controller knows the new port: its plan then has entries for it."""
    deadline = time.monotonic() + _SEEN_S
    path = f"/v1/instances/{name}/move?dry_run=true&detail=flows"
    while time.monotonic() < deadline:
        plan = controller.post(path, {"host": host})
        if "in_port=" in str(plan["switches"].get(switch, {})):
            return
        time.sleep(_POLL_S)
    raise RuntimeError(f"the controller has not seen the new port of {name} on {switch}")
