"""The commands that write: each waits for switches, and says what became of it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from controller.cli import documents, shown
from controller.cli.client import Client, Locate, unlocated
from controller.cli.exits import Exit, Stop
from controller.cli.progress import bar, switches_done
from controller.cli.results import Result
from controller.cli.screen import show


def apply(options: Namespace, client: Client) -> Result:
    """Show the plan, ask, and make exactly that so; with ``--yes`` without either."""
    if options.plan is not None:
        return _planned(options, client, options.plan)
    document = documents.read(options.file)
    body = document.body(options.message)
    if options.dry_run or options.yes:
        return _write(options, client, "/v1/apply", body, document.locate)
    plan = client.send("POST", "/v1/plan", body, query=detail(options), locate=document.locate)
    if not plan["changed"]:
        return Result(plan, shown.plan(plan))
    show(shown.plan(plan), sys.stderr)
    _ask(plan["plan"])
    return _planned(options, client, plan["plan"])


def plan(options: Namespace, client: Client) -> Result:
    """Show what a document would change."""
    document = documents.read(options.file)
    body = document.body("")
    with bar("planning"):
        answer = client.send(
            "POST", "/v1/plan", body, query=detail(options), locate=document.locate
        )
    return Result(answer, shown.plan(answer))


def move(options: Namespace, client: Client) -> Result:
    """Move a tenant or an instance."""
    body = _tenant_body(options) if options.kind == "tenant" else _instance_body(options)
    path = f"/v1/{options.kind}s/{quote(options.name, safe='')}/move"
    return _write(options, client, path, body)


def restore(options: Namespace, client: Client) -> Result:
    """Make an earlier revision the newest."""
    return _write(options, client, f"/v1/revisions/{options.revision}/restore")


def detail(options: Namespace) -> dict[str, Any]:
    """What ``--flows`` asks of a plan or a difference."""
    return {"detail": "flows" if options.flows else None}


def _planned(options: Namespace, client: Client, plan_id: str) -> Result:
    path = f"/v1/plans/{quote(plan_id, safe='')}"
    if options.dry_run:
        answer = client.get(path)
        return Result(answer, shown.plan(answer))
    return _write(options, client, f"{path}/apply")


def _write(
    options: Namespace,
    client: Client,
    path: str,
    body: object = None,
    locate: Locate = unlocated,
) -> Result:
    with bar("waiting for switches", switches_done(client)):
        answer = client.send("POST", path, body, query=_query(options), locate=locate)
    return _written(options, answer)


def _written(options: Namespace, answer: Mapping[str, Any]) -> Result:
    if answer.get("dry_run"):
        return Result(answer, shown.plan(answer))
    done = answer["applied"] or options.no_wait
    return Result(answer, shown.written(answer), Exit.OK if done else Exit.NO)


def _query(options: Namespace) -> dict[str, Any]:
    return {
        "message": options.message or None,
        "dry_run": "true" if options.dry_run else None,
        "wait": "stored" if options.no_wait else None,
        "timeout": options.timeout,
        **detail(options),
    }


def _ask(plan_id: str) -> None:
    """Return where a person says yes. Raises Stop."""
    if not sys.stdin.isatty():
        raise Stop(
            Exit.INVALID,
            "standard input is no terminal, so nobody can be asked: nothing was changed\n"
            f"add --yes, or make the plan above so: bulkhead apply --plan {plan_id}",
        )
    print("Apply this? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Stop(Exit.DECLINED, "nothing was changed")


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
