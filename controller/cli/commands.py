"""What each command asks, and how its answer reads."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from controller.cli import completing, history, shown, tokens, writing
from controller.cli.arguments import COLUMNS, parser
from controller.cli.client import Client
from controller.cli.doctor import doctor
from controller.cli.exits import Exit, Stop
from controller.cli.progress import bar
from controller.cli.results import Result
from controller.cli.tables import details, objects
from controller.cli.watching import watch
from controller.cli.writing import detail
from controller.client import Bulkhead, answers
from controller.errors import Invalid
from controller.settings import describe, load


def get(options: Namespace, client: Client) -> Result:
    """List a collection, or show one object."""
    collection, name = options.collection, options.name
    if collection == "reachability":
        return _listed(collection, client.ask(lambda site: _reach(site, name)), name)
    if collection in ("switches", "links"):
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
    answer = client.ask(
        lambda site: site.explain(
            options.source,
            options.destination,
            protocol=protocol,
            port=port,
            dscp=options.dscp,
        )
    )
    return Result(answer, shown.explanation(answer), Exit.OK if answer["allowed"] else Exit.NO)


def routes(options: Namespace, client: Client) -> Result:
    """Show the way between two hosts."""
    query = {"from": options.source, "to": options.destination, "class": options.qos_class}
    answer = client.get("/v1/routes", **query, vrf=options.vrf)
    return Result(answer, shown.routes(answer))


def status(_options: Namespace, client: Client) -> Result:
    """Is everything in place?"""
    answer = client.ask(Bulkhead.status)
    switches = client.ask(Bulkhead.switches)
    text = shown.status(answer, objects(switches, COLUMNS["switches"]))
    code = Exit.OK if answer["ready"] else Exit.NO
    return Result({**answer, "switch": {s["name"]: s for s in switches}}, text, code)


def verify(_options: Namespace, client: Client) -> Result:
    """Check what switches hold against the intent."""
    with bar("reading back and proving"):
        answer = client.ask(Bulkhead.verify)
    text = shown.verification(answer, _why_unread(client, answer["unread"]))
    return Result(answer, text, Exit.OK if answer["holds"] else Exit.NO)


def _why_unread(client: Client, unread: Sequence[str]) -> dict[str, str]:
    """What is known of each switch that was not read back."""
    if not unread:
        return {}
    problems = {s["name"]: s["problem"] for s in client.ask(Bulkhead.switches)}
    return {name: problems.get(name) or "it did not answer in time" for name in unread}


def revisions(options: Namespace, client: Client) -> Result:
    """The history."""
    answer = client.ask(lambda site: site.revisions(options.limit))
    return Result(answer, objects(answer, ("revision", "created_at", "author", "message")))


def log(options: Namespace, client: Client) -> Result:
    """Who changed what, when and why."""
    answer = client.ask(lambda site: site.revisions(options.limit))
    return Result(answer, history.log(answer))


def diff(options: Namespace, client: Client) -> Result:
    """What one revision has otherwise than another."""
    with bar("comparing"):
        answer = client.ask(
            lambda site: site.difference(options.one, options.other, detail=detail(options))
        )
    return Result(answer, history.diff(answer))


def events(options: Namespace, client: Client) -> Result:
    """What has happened; with --follow what happens, until interrupted."""
    answer = client.get("/v1/events", follow="false")
    if options.follow:
        last = answer[-1]["id"] if answer else 0
        for event in chain(answer, client.follow(last)):
            print(json.dumps(event) if options.json else history.event(event), flush=True)
        raise Stop(Exit.UNREACHABLE, "the controller has ended the events")
    return Result(answer, "\n".join(map(history.event, answer)))


def settings(options: Namespace, _client: Client) -> Result:
    """The controller's settings; read here, without a controller."""
    try:
        rows = describe(load(tuple(map(Path, options.config_file)), os.environ))
    except Invalid as error:
        raise Stop(Exit.INVALID, str(error)) from None
    answer = [row._asdict() for row in rows]
    return Result(answer, objects(answer, ("name", "value", "origin", "meaning")))


def completion(options: Namespace, _client: Client) -> Result:
    """A script that makes a shell complete commands, options and names."""
    script = completing.script(options.shell, parser())
    return Result({"shell": options.shell, "script": script}, script)


COMMANDS: Final[Mapping[str, Callable[[Namespace, Client], Result]]] = {
    "apply": writing.apply,
    "plan": writing.plan,
    "put": writing.put,
    "delete": writing.delete,
    "move": writing.move,
    "restore": writing.restore,
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
    "doctor": doctor,
    "watch": watch,
    "token": tokens.token,
    "completion": completion,
    "names": completing.names,
}


def _reach(site: Bulkhead, service: str | None) -> list[answers.Reach]:
    """Who may open what to whom: all, or of one service what it may and what others may with it."""
    if service is None:
        return list(site.reachability())
    others = (r for r in site.reachability(destination=service) if r["source"] != service)
    return [*site.reachability(source=service), *others]


def _listed(collection: str, items: list[Any], name: str | None) -> Result:
    if name is not None and not items:
        raise Stop(Exit.INVALID, f"there is no `{name}` in {collection}")
    return Result(items, objects(items, COLUMNS[collection]))
