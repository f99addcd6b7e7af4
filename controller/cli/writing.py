"""The commands that write: each waits for switches, and says what became of it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from controller.cli import documents, planned, shown
from controller.cli.client import Client, Locate, unlocated
from controller.cli.documents import Document
from controller.cli.exits import Exit, Stop
from controller.cli.progress import bar, switches_done
from controller.cli.results import Result
from controller.cli.screen import show
from controller.cli.tables import details
from controller.client import Call, answers, writes
from controller.client.reads import Detail


def apply(options: Namespace, client: Client) -> Result:
    """Show the plan, ask, and make exactly that so; with ``--yes`` without either."""
    if options.plan is not None:
        return _planned(options, client)
    return _submit(options, client, documents.read(options.file), options.message)


def plan(options: Namespace, client: Client) -> Result:
    """Show what a document or a list of changes would change."""
    document = documents.read(options.file)
    answer = _plan(options, client, writes.apply(document.body("")), document.locate)
    return Result(answer, planned.plan(answer))


def put(options: Namespace, client: Client) -> Result:
    """Make or replace one object; planned and asked for as ``apply`` does."""
    name = f"{options.collection}/{options.name}"
    document = documents.one(options.collection, options.name, options.file, options.fields)
    result = _submit(options, client, document, options.message or f"put {name}")
    if options.dry_run:
        return result
    found = client.ask(lambda site: site.find(options.collection, options.name)) or {}
    text = f"{result.text}\n\n{details(found)}"
    return Result({**result.answer, "object": found}, text, result.code)


def delete(options: Namespace, client: Client) -> Result:
    """Delete one object; planned and asked for as ``apply`` does."""
    document = documents.none(options.collection, options.name)
    message = options.message or f"delete {options.collection}/{options.name}"
    return _submit(options, client, document, message)


def move(options: Namespace, client: Client) -> Result:
    """Move a tenant or an instance."""
    return _at_once(options, client, _move(options))


def restore(options: Namespace, client: Client) -> Result:
    """Make an earlier revision the newest."""
    return _at_once(options, client, writes.restore(options.revision))


def detail(options: Namespace) -> Detail:
    """What ``--flows`` asks of a plan or a difference."""
    return "flows" if options.flows else "counts"


def _submit(options: Namespace, client: Client, document: Document, message: str) -> Result:
    call, locate = writes.apply(document.body(message)), document.locate
    if options.dry_run or options.yes:
        return _at_once(options, client, call, locate)
    plan = _plan(options, client, call, locate)
    if not plan["changed"]:
        return Result(plan, planned.plan(plan))
    show(planned.plan(plan), sys.stderr)
    _ask(plan["plan"])
    return _write(options, client, writes.planned(plan["plan"]), unlocated)


def _at_once(options: Namespace, client: Client, call: Call, locate: Locate = unlocated) -> Result:
    if options.dry_run:
        answer = _plan(options, client, call, locate)
        return Result(answer, planned.plan(answer))
    _refuse_flows(options)
    return _write(options, client, call, locate)


def _planned(options: Namespace, client: Client) -> Result:
    if not options.dry_run:
        _refuse_flows(options)
        return _write(options, client, writes.planned(options.plan), unlocated)
    answer = client.ask(lambda site: site.shown_plan(options.plan))
    if options.flows and not all("entries" in delta for delta in answer["switches"].values()):
        raise Stop(
            Exit.INVALID,
            f"plan {options.plan} was made without flow entries: make it again, with "
            "bulkhead plan -f PATH --flows",
        )
    return Result(answer, planned.plan(answer))


def _plan(options: Namespace, client: Client, call: Call, locate: Locate) -> answers.Plan:
    with bar("planning"):
        return client.ask(lambda site: site.plan(call, detail=detail(options)), locate)


def _write(options: Namespace, client: Client, call: Call, locate: Locate) -> Result:
    with bar("waiting for switches", switches_done(client)):
        outcome = client.ask(
            lambda site: site.write(
                call,
                wait="stored" if options.no_wait else "applied",
                timeout_s=options.timeout,
                message=options.message,
            ),
            locate,
        )
    done = outcome.applied or options.no_wait
    return Result(outcome.answer, shown.written(outcome.answer), Exit.OK if done else Exit.NO)


def _refuse_flows(options: Namespace) -> None:
    """Flow entries are part of a plan; where none is shown, nobody would see them. Raises Stop."""
    if options.flows:
        raise Stop(Exit.INVALID, "--flows shows the entries of a plan: add --dry-run to see one")


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


def _move(options: Namespace) -> Call:
    if options.kind == "tenant":
        return writes.move_tenant(options.name, **_tenant_wish(options))
    others = (options.segment, options.vrf, options.vlan, options.readdress or None)
    if options.host is None or any(other is not None for other in others):
        raise Stop(
            Exit.INVALID,
            "an instance moves to --host H and keeps its addresses: --segment, --vrf, --vlan and "
            "--readdress are a tenant's",
        )
    return writes.move_instance(options.name, options.host)


def _tenant_wish(options: Namespace) -> Mapping[str, Any]:
    if options.host is not None or (options.segment is None) == (options.vrf is None):
        raise Stop(Exit.INVALID, "a tenant moves to --segment S, or to --vrf V [--vlan auto|N]")
    wish = {"segment": options.segment, "vrf": options.vrf, "vlan": options.vlan}
    wish = {key: value for key, value in wish.items() if value is not None}
    return {**wish, "readdress": True} if options.readdress else wish
