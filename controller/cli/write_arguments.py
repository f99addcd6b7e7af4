"""The command line of what writes, and of what plans it."""

from __future__ import annotations

import argparse
from typing import Final

from controller.cli.subcommands import Commands
from controller.model.collections import COLLECTIONS
from controller.model.intent import VLAN_ID_MAX, VLAN_ID_MIN

_PATH: Final = "YAML or JSON, or a folder of them"


def add_writes(commands: Commands) -> None:
    """Apply, plan, put, delete, move and restore."""
    apply = commands.add(
        "apply",
        "make a document the intent, or make a list of changes",
        'bulkhead apply -f policies/ -m "shop opens"\n'
        "  bulkhead apply -f policies/shop.yaml --yes\n"
        "  bulkhead apply -f changes.yaml        its only key: changes",
    )
    source = apply.add_mutually_exclusive_group(required=True)
    source.add_argument(*("-f", "--file"), metavar="PATH", help=_PATH)
    source.add_argument("--plan", metavar="ID", help="exactly what `bulkhead plan` showed as ID")
    _asking(apply)
    plan = commands.add(
        "plan",
        "show what a document or a list of changes would change",
        "bulkhead plan -f policies/ --flows",
    )
    plan.add_argument(*("-f", "--file"), required=True, metavar="PATH", help=_PATH)
    flows(plan)
    _single(commands)
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


def _single(commands: Commands) -> None:
    """One object, without the document it stands in."""
    put = commands.add(
        "put",
        "make one object, or replace all of it",
        "bulkhead put rules web-to-api from='{tier: web}' to='{tier: api}' allow='[tcp/8080]'\n"
        "  bulkhead put rules web-to-api -f rule.yaml class=realtime --dry-run\n"
        """  bulkhead put instances web-9 '{"service": "web", "host": "host-2"}' --yes""",
    )
    put.add_argument("collection", choices=COLLECTIONS)
    put.add_argument("name")
    put.add_argument(
        "fields",
        nargs="*",
        metavar="KEY=VALUE",
        help="a key of the object with its value as in YAML, or all of them as a JSON object",
    )
    put.add_argument(*("-f", "--file"), metavar="PATH", help="the object's keys, YAML or JSON")
    _asking(put)
    delete = commands.add(
        "delete", "delete one object", "bulkhead delete rules web-to-api -m 'not used any more'"
    )
    delete.add_argument("collection", choices=COLLECTIONS)
    delete.add_argument("name")
    _asking(delete)


def _asking(command: argparse.ArgumentParser) -> None:
    """A write that is planned and asked for first."""
    command.add_argument(
        *("-y", "--yes"), action="store_true", help="do not plan and ask first, for scripts"
    )
    _writing(command)


def _writing(command: argparse.ArgumentParser) -> None:
    command.add_argument("-m", "--message", default="", help="why, for the history")
    command.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    flows(command)
    command.add_argument(
        "--no-wait", action="store_true", help="be done once stored, do not wait for switches"
    )
    command.add_argument("--timeout", type=float, metavar="S", help="wait so long for switches")


def flows(command: argparse.ArgumentParser) -> None:
    """Whether a plan or a difference comes with its entries."""
    command.add_argument("--flows", action="store_true", help="the plan with every flow entry")


def _vlan(text: str) -> int | str:
    if text == "auto":
        return text
    if text.isdecimal() and VLAN_ID_MIN <= int(text) <= VLAN_ID_MAX:
        return int(text)
    expected = f"auto or a number of {VLAN_ID_MIN}..{VLAN_ID_MAX}"
    raise argparse.ArgumentTypeError(f"expected {expected}, found {text}")
