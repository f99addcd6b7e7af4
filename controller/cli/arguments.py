"""The command line: what may be said, with help that teaches."""

from __future__ import annotations

import argparse
import os
import textwrap
from typing import Any, Final

from controller.cli.completing import SHELLS
from controller.cli.exits import MEANINGS

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

_EPILOG: Final = """\
examples:
  bulkhead plan -f policies/shop.yaml             what would change, and who gains or loses whom
  bulkhead apply --plan 5f2c9a01d4e7b386          make exactly that so, or nothing
  bulkhead apply -f policies/ -m "shop opens"     plan, ask, and make it so (scripts: --yes)
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
    _common(root, server, False)
    commands = _Commands(root)
    _writes(commands)
    _reads(commands)
    _around(commands)
    return root


def _exits() -> str:
    """The exit codes, each with its meaning, at most 100 columns wide."""
    return "\n".join(
        textwrap.fill(text, 100, initial_indent=f"  {code:<4} ", subsequent_indent=" " * 7)
        for code, text in MEANINGS.items()
    )


def _common(target: argparse.ArgumentParser, server: Any, as_json: Any) -> None:
    target.add_argument(
        "--server", metavar="URL", default=server, help="the controller (env BULKHEAD_SERVER)"
    )
    target.add_argument(
        "--json", action="store_true", default=as_json, help="print the answer as JSON"
    )


class _Commands:
    """Adds subcommands that also take the common options, after their name."""

    def __init__(self, root: argparse.ArgumentParser) -> None:
        self._commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(self, name: str, text: str, example: str) -> argparse.ArgumentParser:
        """A subcommand."""
        command: argparse.ArgumentParser = self._commands.add_parser(
            name,
            help=text,
            description=f"{text[:1].upper()}{text[1:]}.",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _common(command, argparse.SUPPRESS, argparse.SUPPRESS)
        return command

    def hidden(self, name: str) -> argparse.ArgumentParser:
        """A subcommand for shells, which no help tells of."""
        command: argparse.ArgumentParser = self._commands.add_parser(name)
        _common(command, argparse.SUPPRESS, argparse.SUPPRESS)
        return command


def _writes(commands: _Commands) -> None:
    apply = commands.add(
        "apply",
        "make a document the intent",
        'bulkhead apply -f policies/ -m "shop opens"\n  bulkhead apply -f policies/shop.yaml --yes',
    )
    source = apply.add_mutually_exclusive_group(required=True)
    source.add_argument(*("-f", "--file"), metavar="PATH", help="YAML or JSON, or a folder of them")
    source.add_argument("--plan", metavar="ID", help="exactly what `bulkhead plan` showed as ID")
    apply.add_argument(
        *("-y", "--yes"), action="store_true", help="do not plan and ask first, for scripts"
    )
    _writing(apply)
    plan = commands.add(
        "plan", "show what a document would change", "bulkhead plan -f policies/ --flows"
    )
    _file(plan)
    _flows(plan)
    move = commands.add(
        "move",
        "move a tenant to another segment, or an instance to another host",
        "bulkhead move tenant shop --vrf monitoring --vlan auto\n"
        "  bulkhead move instance web-1 --host host-2",
    )
    move.add_argument("kind", choices=("tenant", "instance"))
    move.add_argument("name")
    move.add_argument("--segment", metavar="S", help="tenant: to a segment that is there")
    move.add_argument("--vrf", metavar="V", help="tenant: to this VRF")
    move.add_argument("--vlan", metavar="N", type=_vlan, help="tenant: auto, or 4096..8192")
    move.add_argument("--readdress", action="store_true", help="tenant: take new addresses")
    move.add_argument("--host", metavar="H", help="instance: to this host")
    _writing(move)
    restore = commands.add(
        "restore", "make an earlier revision the newest again", "bulkhead restore 7"
    )
    restore.add_argument("revision", type=int)
    _writing(restore)


def _file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        *("-f", "--file"), required=True, metavar="PATH", help="YAML or JSON, or a folder of them"
    )


def _writing(command: argparse.ArgumentParser) -> None:
    command.add_argument("-m", "--message", default="", help="why, for the history")
    command.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    _flows(command)
    command.add_argument(
        "--no-wait", action="store_true", help="be done once stored, do not wait for switches"
    )
    command.add_argument("--timeout", type=float, metavar="S", help="wait so long for switches")


def _flows(command: argparse.ArgumentParser) -> None:
    command.add_argument("--flows", action="store_true", help="plan: show every flow entry")


def _reads(commands: _Commands) -> None:
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
    _flows(diff)
    events = commands.add(
        "events", "what has happened; with --follow what happens", "bulkhead events --follow"
    )
    events.add_argument("--follow", action="store_true", help="go on until interrupted")


def _around(commands: _Commands) -> None:
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


def _tokens(commands: _Commands) -> None:
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


def _vlan(text: str) -> int | str:
    return text if text == "auto" else int(text)


def _packet(text: str) -> tuple[str, int]:
    protocol, slash, port = text.partition("/")
    if slash and not port.isdigit():
        raise argparse.ArgumentTypeError(f"expected tcp/5432 or icmp, found {text}")
    return protocol, int(port or 0)
