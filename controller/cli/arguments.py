"""The command line: what may be said, with help that teaches."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Sequence
from typing import Final

from controller.cli.completing import SHELLS
from controller.cli.exits import MEANINGS
from controller.cli.subcommands import Commands, common
from controller.cli.write_arguments import add_writes, flows

DEFAULT_SERVER: Final = "http://127.0.0.1:8080"

COLUMNS: Final = {
    "vrfs": ("name", "id"),
    "classes": ("name", "dscp", "queue", "min_rate", "max_rate", "priority", "metric"),
    "segments": ("name", "vrf", "vlan", "subnet", "gateway"),
    "tenants": ("name", "segment", "vrf", "vlan", "labels"),
    "services": ("name", "tenant", "class", "labels"),
    "instances": ("name", "service", "host", "ip", "mac", "vrf", "vlan", "port", "nested_vlan"),
    "rules": ("name", "from", "to", "allow", "dscp", "class"),
    "switches": (
        *("name", "role", "number", "host", "connected", "in_sync"),
        *("revision", "entries", "problem"),
    ),
    "reachability": ("source", "destination", "allow", "rule", "class", "dscp"),
    "links": ("name", "a", "b", "rate_mbps", "latency_us", "cost", "vrfs", "up"),
}
"""What `get` lists, with the columns of its table."""

_PORTED: Final = ("tcp", "udp", "6", "17")
_PORT_MAX: Final = 65535

_EPILOG: Final = """\
examples:
  bulkhead plan -f policies/shop.yaml             what would change, and who gains or loses whom
  bulkhead apply --plan 5f2c9a01d4e7b386          make exactly that so, or nothing
  bulkhead apply -f policies/ -m "shop opens"     plan, ask, and make it so (scripts: --yes)
  bulkhead put rules web-to-api -f rule.yaml      one object: plan, ask, and make it so
  bulkhead get instances                          everything in a collection
  bulkhead move tenant shop --vrf monitoring      another VRF, a free VLAN, the same addresses
  bulkhead explain web-1 api-1 tcp/8080           why this passes, or does not
  bulkhead status                                 is everything in place?

exit codes:
%(exits)s

environment:
  BULKHEAD_SERVER  the controller's URL (default %(default)s)
  BULKHEAD_TOKEN   the token to show it, where it asks for one
  BULKHEAD_CA      who signed its certificate, where that is no public authority
  BULKHEAD_CERT    our own certificate and, in BULKHEAD_KEY, its key
  NO_COLOR         no colours, on terminals too (elsewhere there are none)
"""


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets ``command``."""
    root = argparse.ArgumentParser(
        prog="bulkhead",
        description="Speaks to a Bulkhead controller.",
        epilog=_EPILOG % {"default": DEFAULT_SERVER, "exits": _exits()},
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    server = os.environ.get("BULKHEAD_SERVER") or DEFAULT_SERVER
    common(root, server, False)
    commands = Commands(root)
    add_writes(commands)
    _reads(commands)
    _around(commands)
    return root


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What a command line says; ends the process where it says nothing that is known."""
    root = parser()
    options, rest = root.parse_known_args(arguments)
    if rest and (options.command != "put" or any(text.startswith("-") for text in rest)):
        root.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.fields += rest  # argparse takes those before the first option alone
    return options


def _exits() -> str:
    """The exit codes, each with its meaning, at most 100 columns wide."""
    return "\n".join(
        textwrap.fill(text, 100, initial_indent=f"  {code:<4} ", subsequent_indent=" " * 7)
        for code, text in MEANINGS.items()
    )


def _reads(commands: Commands) -> None:
    get = commands.add("get", "list a collection, or show one object", "bulkhead get rules")
    get.add_argument("collection", choices=tuple(COLUMNS))
    get.add_argument("name", nargs="?")
    explain = commands.add(
        "explain",
        "tell why a packet passes or not",
        "bulkhead explain web-1 api-1 tcp/8080 --dscp 46",
    )
    explain.add_argument("source", metavar="FROM", help="an instance")
    explain.add_argument("destination", metavar="TO", help="an instance")
    explain.add_argument("what", type=_packet, help="tcp/5432, udp/53, icmp")
    explain.add_argument("--dscp", type=int, default=0, help="what the sender marks (default 0)")
    routes = commands.add(
        "routes", "show the way between two hosts", "bulkhead routes host-1 host-2 --class realtime"
    )
    routes.add_argument("source", metavar="HOST")
    routes.add_argument("destination", metavar="HOST")
    routes.add_argument("--class", dest="qos_class", default="best-effort", help="a class")
    routes.add_argument("--vrf", help="one VRF instead of all")
    commands.add("status", "is everything in place?", "bulkhead status")
    commands.add("verify", "check what switches hold against the intent", "bulkhead verify")
    revisions = commands.add("revisions", "the history", "bulkhead revisions --limit 5")
    revisions.add_argument("--limit", type=int, default=20)
    log = commands.add("log", "who changed what, when and why", "bulkhead log -n 5")
    log.add_argument("-n", "--limit", type=int, default=20, metavar="N", help="default 20")
    diff = commands.add(
        "diff", "what one revision has otherwise than another", "bulkhead diff 7 12 --flows"
    )
    diff.add_argument("one", type=int, metavar="A", help="a revision")
    diff.add_argument("other", type=int, metavar="B", help="a later or an earlier one")
    flows(diff)
    events = commands.add(
        "events", "what has happened; with --follow what happens", "bulkhead events --follow"
    )
    events.add_argument("--follow", action="store_true", help="go on until interrupted")


def _around(commands: Commands) -> None:
    commands.add(
        "watch",
        "the site as it is now, like top: standing, switches, what has just happened",
        "bulkhead watch              until Ctrl-C; lines where there is no terminal\n"
        "  bulkhead watch --json       a JSON line for each change",
    )
    doctor = commands.add(
        "doctor",
        "check this machine: versions, Open vSwitch, store, clock, MTU, the controller",
        "bulkhead doctor --config-file /etc/bulkhead.conf",
    )
    doctor.add_argument("--config-file", metavar="F", action="append", default=[])
    settings = commands.add(
        "settings",
        "the controller's settings, each with its value and where it came from",
        "bulkhead settings --config-file /etc/bulkhead.conf",
    )
    settings.add_argument("--config-file", metavar="F", action="append", default=[])
    _tokens(commands)
    completion = commands.add(
        "completion",
        "make a shell complete commands, options and names",
        "bulkhead completion bash > /etc/bash_completion.d/bulkhead\n"
        '  bulkhead completion zsh > "${fpath[1]}/_bulkhead"\n'
        "  bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish",
    )
    completion.add_argument("shell", choices=SHELLS)
    commands.hidden("names").add_argument("collection")


def _tokens(commands: Commands) -> None:
    token = commands.add(
        "token",
        "who may use the API: add, list and remove tokens, on the controller's own machine",
        "bulkhead token add ci --role operator --tenant shop\n"
        "  bulkhead token add grafana --role viewer --certificate grafana.example\n"
        "  bulkhead token list\n"
        "  bulkhead token remove ci",
    )
    token.add_argument("what", choices=("add", "list", "remove"))
    token.add_argument("name", nargs="?", help="add, remove: whose")
    token.add_argument("--role", choices=("viewer", "operator", "admin"), help="add: what for")
    token.add_argument(
        "--tenant", metavar="T", action="append", help="add: an operator of this tenant alone"
    )
    token.add_argument(
        "--certificate", metavar="CN", default="", help="add: known by a client certificate"
    )
    token.add_argument("--file", metavar="F", help="the file (default: the setting tokens_file)")
    token.add_argument("--config-file", metavar="F", action="append", default=[])


def _packet(text: str) -> tuple[str, int]:
    """A protocol and its port; only TCP and UDP have ports, and no packet of theirs has none."""
    protocol, slash, port = text.partition("/")
    expected = "tcp/5432, udp/53, icmp or an IP protocol number"
    if (protocol.lower() in _PORTED) != bool(slash) or (slash and not port.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected {expected}, found {text}")
    if slash and not 1 <= int(port) <= _PORT_MAX:
        raise argparse.ArgumentTypeError(f"expected a port of 1..{_PORT_MAX}, found {port}")
    return protocol, int(port or 0)
