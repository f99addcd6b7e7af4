"""Every ordered pair of instances, probed for real, against what ``reachability`` says."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from labkit.controller import ControllerProcess
from labkit.site import Site

DENIED_PORT = 9  # discard, RFC 863: no policy of ours allows it
TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class PairReport:
    """How many pairs and connections were tried, and what went otherwise than it should."""

    pairs: int
    probes: int
    leaks: tuple[str, ...]
    blocked: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing leaked and nothing was blocked."""
        return not self.leaks and not self.blocked


Ports = Mapping[str, list[int]]  # of "tcp" and "udp"


def listen(site: Site, controller: ControllerProcess) -> Ports:
    """Let every instance listen on every port that some rule allows, and on one that none does.

    Returns the ports: probed again later, they show that what a change forbids is forbidden.
    """
    ports = _ports(controller)
    for agent in site.agents.values():
        agent.tell("listen", **ports)
    for agent in site.agents.values():
        agent.answer()
    return ports


def check_pairs(
    site: Site, controller: ControllerProcess, ports: Ports | None = None
) -> PairReport:
    """Probe all pairs on these ports, or on those that some rule allows now, at once."""
    instances = {i["name"]: i for i in controller.get("/v1/instances")}
    allowed = _allowed(controller)
    ports = ports or _ports(controller)
    asked = [(protocol, port) for protocol, numbers in ports.items() for port in numbers]
    leaks: list[str] = []
    blocked: list[str] = []

    def probe(name: str) -> None:
        others = [other for other in instances if other != name]
        targets = [[instances[o]["ip"], *question] for o in others for question in asked]
        answers = iter(site.agents[name].ask("probe", targets=targets, timeout_s=TIMEOUT_S))
        for other in others:
            services = (instances[name]["service"], instances[other]["service"])
            for protocol, port in asked:
                reached = next(answers) == other
                expected = _permits(allowed.get(services, ()), protocol, port)
                line = f"{name} -> {other} {protocol}/{port}"
                if reached and not expected:
                    leaks.append(line)
                if expected and not reached:
                    blocked.append(line)

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(probe, instances))
    count = len(instances) * (len(instances) - 1)
    return PairReport(count, count * len(asked), tuple(sorted(leaks)), tuple(sorted(blocked)))


def reachable(controller: ControllerProcess) -> set[tuple[str, str]]:
    """Pairs of services of which one may reach the other at all."""
    return set(_allowed(controller))


def _allowed(controller: ControllerProcess) -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for reach in controller.get("/v1/reachability?limit=10000"):
        pair = (reach["source"], reach["destination"])
        found[pair] = (*found.get(pair, ()), *reach["allow"])
    return found


def _ports(controller: ControllerProcess) -> dict[str, list[int]]:
    """The first and last port of every allowed range, and one that is never allowed."""
    found: dict[str, set[int]] = {"tcp": {DENIED_PORT}, "udp": {DENIED_PORT}}
    for allow in {text for texts in _allowed(controller).values() for text in texts}:
        protocol, _, numbers = allow.partition("/")
        if numbers:
            first, _, last = numbers.partition("-")
            found[protocol] |= {int(first), int(last or first)}
    return {protocol: sorted(numbers) for protocol, numbers in found.items()}


def _permits(allow: tuple[str, ...], protocol: str, port: int) -> bool:
    return any(_matches(text, protocol, port) for text in allow)


def _matches(text: str, protocol: str, port: int) -> bool:
    name, _, numbers = text.partition("/")
    if name == "any" or (name == protocol and not numbers):
        return True
    if name != protocol:
        return False
    first, _, last = numbers.partition("-")
    return int(first) <= port <= int(last or first)


def probes_of(report: Mapping[str, Any]) -> str:
    """One line of a stream's report."""
    return f"{report['sent']} sent, {report['lost']} lost"
