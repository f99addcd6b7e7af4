#!/usr/bin/env python3
"""The lab: a multi-service site in Mininet under Bulkhead, shown at work.

It starts a private Open vSwitch, the stock ryu-manager with the controller, and every instance of
the policy in a namespace of its own; probes every pair with real connections; moves a tenant under
1 kHz probes; and lets a realtime stream compete with an overloaded link.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # behind the mininet package, which this folder must not shadow

from controller.errors import Invalid  # noqa: E402
from controller.model.decode_topology import decode_topology  # noqa: E402
from controller.northbound.documents import load_yaml  # noqa: E402
from labkit import ledger as ledgers  # noqa: E402
from labkit.controller import ControllerProcess  # noqa: E402
from labkit.hints import how_to_go_on  # noqa: E402
from labkit.ledger import Ledger  # noqa: E402
from labkit.move import find_move, run_move  # noqa: E402
from labkit.ovs import PrivateOvs  # noqa: E402
from labkit.pairs import Ports, check_pairs, listen  # noqa: E402
from labkit.queues import find_contest, run_contest  # noqa: E402
from labkit.single import only_site  # noqa: E402
from labkit.site import Site  # noqa: E402
from labkit.trust_show import show_trust  # noqa: E402

NEEDED = ("ovs-vswitchd", "ovsdb-server", "mnexec", "ip", "tc", "ethtool")
REST_PORT = 8080


class Show:
    """Prints steps and collects what did not hold."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.results: dict[str, object] = {}

    def step(self, text: str) -> None:
        """What is being done."""
        print(f"\n== {text}", flush=True)

    def line(self, text: str) -> None:
        """Something seen."""
        print(f"   {text}", flush=True)

    def progress(self, total: int, what: str) -> Callable[[str], None]:
        """A bar that moves on with every call, on a terminal; silent elsewhere."""
        done = 0

        def advance(name: str) -> None:
            nonlocal done
            done += 1
            if sys.stdout.isatty():
                bar = ("#" * (30 * done // total)).ljust(30)
                end = "\n" if done == total else ""
                print(f"\r   [{bar}] {done}/{total} {what} {name:<24}", end=end, flush=True)

        return advance

    def check(self, name: str, held: bool, text: str) -> None:
        """A result, and whether it is as it should be."""
        self.results[name] = {"held": held, "text": text}
        print(f"   {'ok  ' if held else 'FAIL'} {text}", flush=True)
        if not held:
            self.failed.append(text)


def main() -> int:
    """Exit status 0: all held (or Ctrl-C); 1: something did not; 2: cannot start."""
    arguments = parse()
    if arguments.clean:
        names = ledgers.clean_all()
        print(f"lab: removed {', '.join(names) or 'nothing: nothing was left'}")
        return 0
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if os.geteuid() != 0:
        print("lab: needs root for namespaces and devices; run: sudo make lab", file=sys.stderr)
        return 2
    if missing:
        print(f"lab: {', '.join(missing)} not found; run: make setup", file=sys.stderr)
        return 2
    wrong = problems_of(arguments.topology, arguments.policy)
    if wrong:
        print(*(f"lab: {text}" for text in wrong), sep="\n", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ledger = Ledger.create("lab")
    show = Show()
    try:
        run(arguments, ledger, show)
    except KeyboardInterrupt:
        print("\nlab: ending")
    except RuntimeError as error:
        show.check("run", False, str(error))
    finally:
        ledger.clean()
    if arguments.json:
        print(json.dumps(show.results))
    for text in show.failed:
        print(f"lab: did not hold: {text}", file=sys.stderr)
    return 1 if show.failed else 0


def problems_of(topology: Path, policy: Path) -> list[str]:
    """What is wrong with the files, before anything is started.

    What a policy says is the controller's to judge, which says so as it starts.
    """
    found = []
    try:
        decode_topology(*load_yaml(topology))
    except OSError as error:
        found.append(f"--topology (TOPOLOGY=): {topology}: {error.strerror}")
    except Invalid as error:
        found += map(str, error.problems)
    if not policy.exists():
        found.append(f"--policy (POLICY=): {policy}: expected a file or folder that is there")
    return found


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--topology", type=Path, default=ROOT / "topologies/multi-service.yaml")
    parser.add_argument("--policy", type=Path, default=ROOT / "policies/flash-sale.yaml")
    parser.add_argument("--check", action="store_true", help="verify, then end: 0 if all held")
    parser.add_argument("--trust", action="store_true", help="measure docs/trust.md, then end")
    parser.add_argument("--json", action="store_true", help="end with the results as JSON")
    parser.add_argument("--clean", action="store_true", help="remove what a crashed lab has left")
    parser.add_argument("--port", type=int, default=REST_PORT, help="port of the REST API")
    return parser.parse_args()


def run(arguments: argparse.Namespace, ledger: Ledger, show: Show) -> None:
    """Bring everything up, show it, and stay until Ctrl-C unless it is only a check."""
    with only_site(), PrivateOvs(ledger, "netdev") as ovs:
        controller = ControllerProcess(
            ledger,
            rest_port=arguments.port,
            topology=arguments.topology.resolve(),
            policy=arguments.policy.resolve(),
            ovsdb=ovs.database,
        )
        site = Site(ledger, ovs, arguments.topology)
        try:
            ports = bring_up(site, controller, show)
            if arguments.trust:
                show_trust(site, controller, show)
                return
            demonstrate(site, controller, show, ports)
            if not arguments.check:
                stay(controller)
        finally:
            site.stop()
            controller.stop()


def bring_up(site: Site, controller: ControllerProcess, show: Show) -> Ports:
    """Switches, links, instances; the ports they listen on."""
    show.step("starting ryu-manager controller.app, and bridges in a private Open vSwitch")
    controller.start()
    site.start_switches(controller)
    controller.wait_ready()
    count = len(controller.get("/v1/instances"))
    show.step(f"plugging {count} instances, each in a namespace of its own")
    site.plug_instances(controller, show.progress(count, "plugged"))
    controller.wait_ready()
    switches = controller.get("/v1/switches")
    for switch in switches:
        show.line(f"{switch['name']:<10} {switch['role']:<7} {switch['entries']:>5} entries")
    together = all(switch["in_sync"] for switch in switches)
    show.check("switches", together, f"{len(switches)} switches connected and in sync")
    return listen(site, controller)


def demonstrate(site: Site, controller: ControllerProcess, show: Show, ports: Ports) -> None:
    """Everything the lab promises, in order; the same ports are probed before and after."""
    show_pairs(site, controller, show, "pairs", ports)
    show_move(site, controller, show)
    show_pairs(site, controller, show, "pairs_after_move", ports)
    show_queues(site, controller, show)
    show_flows(site, show)


def show_pairs(
    site: Site, controller: ControllerProcess, show: Show, name: str, ports: Ports
) -> None:
    """All pairs, with real TCP and UDP connections."""
    show.step("probing every ordered pair, TCP and UDP, allowed ports and others")
    report = check_pairs(site, controller, ports)
    for line in (*report.leaks[:5], *report.blocked[:5]):
        show.line(line)
    text = f"{report.pairs} pairs, {len(report.leaks)} leaks, {len(report.blocked)} blocked"
    show.check(name, report.sound, f"{text} ({report.probes} connections tried)")


def show_move(site: Site, controller: ControllerProcess, show: Show) -> None:
    """A tenant moved while probes run."""
    move = find_move(controller)
    if move is None:
        show.step(
            "moving a tenant: this policy has none whose move keeps some UDP pairs and ends others"
        )
        return
    show.step(f"moving tenant {move.tenant} to VRF {move.vrf} under 1 kHz probes")
    report = run_move(site, controller, move)
    show.line(f"answer: {json.dumps(report.answer)}")
    show.line(f"the call took {report.took_ms:.0f} ms")
    kept = f"{report.sent} packets sent, {report.lost} lost"
    show.check("move", report.sound, f"{len(move.kept)} pairs allowed before and after: {kept}")
    moments = ", ".join(f"{moment:.0f} ms" for moment in report.stopped_ms) or "at once"
    show.line(f"{report.ended} other pairs stopped {moments} after the call, none after its answer")


def show_queues(site: Site, controller: ControllerProcess, show: Show) -> None:
    """DSCP on the wire, and a realtime stream against overload."""
    contest = find_contest(site, controller)
    if contest is None:
        show.step("queues: this policy has no realtime and best-effort UDP to one host")
        return
    rate = contest.rate_bps / 1e6
    show.step(
        f"{contest.sender} -> {contest.receiver} over a {rate:.0f} Mbit/s link under overload"
    )
    report = run_contest(site, controller, contest)
    show.line(
        f"seen on {contest.wire}: DSCP {report.dscp_seen}, S-VID and C-VID {report.tags_seen}"
    )
    offered, arrived = report.offered_bps / 1e6, report.arrived_bps / 1e6
    show.line(
        f"best effort sent {offered:.0f} Mbit/s; {arrived:.0f} Mbit/s came as far as the link"
    )
    for name, found in (("with", report.with_queue), ("without", report.without_queue)):
        times = f"p50 {milliseconds(found['p50_ms'])}, p99 {milliseconds(found['p99_ms'])}"
        show.line(f"{name} its queue: {found['lost']} of {found['sent']} lost, {times}")
    show.check("queues", report.sound, "realtime lost nothing behind the overload")


def milliseconds(value: float | None) -> str:
    """A latency for people."""
    return "-" if value is None else f"{value:.2f} ms"


def show_flows(site: Site, show: Show) -> None:
    """Every entry on every switch carries our cookie."""
    show.step("reading every flow back with ovs-ofctl")
    lines = [
        line
        for name in site.topology.switches
        for line in site.ovs.ofctl("dump-flows --no-stats", name).splitlines()
        if "cookie=" in line
    ]
    foreign = [line for line in lines if "cookie=0xb047" not in line]
    show.check("cookies", not foreign, f"{len(lines)} entries, {len(foreign)} without our cookie")


def stay(controller: ControllerProcess) -> None:
    """Tell how to go on, and wait for Ctrl-C."""
    print(f"\n{how_to_go_on(controller.url, controller.get)}", flush=True)
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())
