"""What each command asks, and how its answer reads."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from controller.cli import documents, history, shown
from controller.cli.arguments import COLUMNS
from controller.cli.client import Client
from controller.cli.exits import Exit, Stop
from controller.cli.tables import details, objects
from controller.errors import Invalid
from controller.settings import describe, load


@dataclass(frozen=True, slots=True)
class Result:
    """A command's answer as JSON and as text, and its exit code."""

    answer: Any
    text: str
    code: Exit = Exit.OK


def apply(options: Namespace, client: Client) -> Result:
    """Plan, ask where there is a person to ask, apply what was planned."""
    if options.plan is not None:
        path = f"/v1/plans/{quote(options.plan, safe='')}"
        if options.dry_run:
            answer = client.get(path)
            return Result(answer, shown.plan(answer))
        return _written(options, client.send("POST", f"{path}/apply", query=_writing(options)))
    document = documents.read(options.file)
    body = document.body(options.message)
    expected = None
    if not options.dry_run and not options.yes and sys.stdin.isatty():
        plan = client.send("POST", "/v1/plan", body, query=_detail(options), locate=document.locate)
        print(shown.plan(plan), file=sys.stderr)
        if not plan["changed"]:
            return Result(plan, "nothing to change")
        if not _confirmed():
            raise Stop(Exit.NO, "nothing was changed")
        expected = plan["revision"]
    answer = client.send(
        *("POST", "/v1/apply", body),
        query=_writing(options),
        expected=expected,
        locate=document.locate,
    )
    return _written(options, answer)


def plan(options: Namespace, client: Client) -> Result:
    """Show what a document would change."""
    document = documents.read(options.file)
    answer = client.send(
        *("POST", "/v1/plan", document.body("")), query=_detail(options), locate=document.locate
    )
    return Result(answer, shown.plan(answer))


def move(options: Namespace, client: Client) -> Result:
    """Move a tenant or an instance."""
    body = _tenant_body(options) if options.kind == "tenant" else _instance_body(options)
    path = f"/v1/{options.kind}s/{quote(options.name, safe='')}/move"
    return _written(options, client.send("POST", path, body, query=_writing(options)))


def restore(options: Namespace, client: Client) -> Result:
    """Make an earlier revision the newest."""
    path = f"/v1/revisions/{options.revision}/restore"
    return _written(options, client.send("POST", path, query=_writing(options)))


def get(options: Namespace, client: Client) -> Result:
    """List a collection, or show one object."""
    collection, name = options.collection, options.name
    if collection in ("switches", "links", "reachability"):
        items = client.get("/v1/topology")["links"] if collection == "links" else None
        found = client.get(f"/v1/{collection}") if items is None else items
        return _listed(collection, [i for i in found if name in (None, i.get("name"))], name)
    if name is None:
        return _listed(collection, client.get(f"/v1/{collection}"), None)
    answer = client.get(f"/v1/{collection}/{quote(name, safe='')}")
    return Result(answer, details(answer))


def explain(options: Namespace, client: Client) -> Result:
    """Tell why a packet passes or not."""
    protocol, port = options.what
    query = {
        "from": options.source,
        "to": options.destination,
        "protocol": protocol,
        "port": port,
        "dscp": options.dscp,
    }
    answer = client.send("GET", "/v1/explain", query=query)
    return Result(answer, shown.explanation(answer), Exit.OK if answer["allowed"] else Exit.NO)


def routes(options: Namespace, client: Client) -> Result:
    """Show the way between two hosts."""
    query = {"from": options.source, "to": options.destination, "class": options.qos_class}
    answer = client.send("GET", "/v1/routes", query={**query, "vrf": options.vrf})
    return Result(answer, shown.routes(answer))


def status(_options: Namespace, client: Client) -> Result:
    """Is everything in place?"""
    answer = client.get("/v1/status")
    switches = client.get("/v1/switches")
    text = shown.status(answer, objects(switches, COLUMNS["switches"]))
    code = Exit.OK if answer["ready"] else Exit.NO
    return Result({**answer, "switch": {s["name"]: s for s in switches}}, text, code)


def verify(_options: Namespace, client: Client) -> Result:
    """Check what switches hold against the intent."""
    answer = client.send("POST", "/v1/verify")
    return Result(answer, shown.verification(answer), Exit.OK if answer["holds"] else Exit.NO)


def revisions(options: Namespace, client: Client) -> Result:
    """The history."""
    answer = client.get("/v1/revisions", limit=options.limit)
    return Result(answer, objects(answer, ("revision", "created_at", "author", "message")))


def log(options: Namespace, client: Client) -> Result:
    """Who changed what, when and why."""
    answer = client.get("/v1/revisions", limit=options.limit)
    return Result(answer, history.log(answer))


def diff(options: Namespace, client: Client) -> Result:
    """What one revision has otherwise than another."""
    path = f"/v1/revisions/{options.one}/diff/{options.other}"
    answer = client.send("GET", path, query=_detail(options))
    return Result(answer, history.diff(answer))


def events(options: Namespace, client: Client) -> Result:
    """What has happened; with --follow what happens, until interrupted."""
    answer = client.get("/v1/events", follow="false")
    if options.follow:
        last = answer[-1]["id"] if answer else 0
        for event in chain(answer, client.follow("/v1/events", after=last)):
            print(json.dumps(event) if options.json else history.event(event), flush=True)
        raise Stop(Exit.UNREACHABLE, "the controller has ended the events")
    return Result(answer, "\n".join(map(history.event, answer)))


def settings(options: Namespace, _client: Client) -> Result:
    """The controller's settings; read here, without a controller."""
    environment = {k: v for k, v in os.environ.items() if k != "BULKHEAD_SERVER"}
    try:
        rows = describe(load(tuple(map(Path, options.config_file)), environment))
    except Invalid as error:
        raise Stop(Exit.INVALID, str(error)) from None
    answer = [row._asdict() for row in rows]
    return Result(answer, objects(answer, ("name", "value", "origin", "meaning")))


COMMANDS: Final[Mapping[str, Callable[[Namespace, Client], Result]]] = {
    "apply": apply,
    "plan": plan,
    "move": move,
    "restore": restore,
    "get": get,
    "explain": explain,
    "routes": routes,
    "status": status,
    "verify": verify,
    "revisions": revisions,
    "log": log,
    "diff": diff,
    "events": events,
    "settings": settings,
}


def _written(options: Namespace, answer: Mapping[str, Any]) -> Result:
    if answer.get("dry_run"):
        return Result(answer, shown.plan(answer))
    done = answer["applied"] or options.no_wait
    return Result(answer, shown.written(answer), Exit.OK if done else Exit.NO)


def _listed(collection: str, items: list[Any], name: str | None) -> Result:
    if name is not None and not items:
        raise Stop(Exit.INVALID, f"there is no `{name}` in {collection}")
    return Result(items, objects(items, COLUMNS[collection]))


def _tenant_body(options: Namespace) -> dict[str, Any]:
    if options.host is not None or (options.segment is None) == (options.vrf is None):
        raise Stop(Exit.INVALID, "a tenant moves to --segment S, or to --vrf V [--vlan auto|N]")
    wish = {"segment": options.segment, "vrf": options.vrf, "vlan": options.vlan}
    body = {key: value for key, value in wish.items() if value is not None}
    return {**body, "readdress": True} if options.readdress else body


def _instance_body(options: Namespace) -> dict[str, Any]:
    if options.host is None or options.segment or options.vrf or options.vlan:
        raise Stop(Exit.INVALID, "an instance moves to --host H")
    return {"host": options.host}


def _writing(options: Namespace) -> dict[str, Any]:
    return {
        "message": options.message or None,
        "dry_run": "true" if options.dry_run else None,
        "wait": "stored" if options.no_wait else None,
        "timeout": options.timeout,
        **_detail(options),
    }


def _detail(options: Namespace) -> dict[str, Any]:
    return {"detail": "flows" if options.flows else None}


def _confirmed() -> bool:
    print("Apply this? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
