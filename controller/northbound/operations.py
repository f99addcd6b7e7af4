"""The use cases that change the network, without a transport: REST is one, others may follow.

A write reads the newest intent, makes a new one of it, and submits that against the revision it
read. Somebody else's write in between is a conflict; then it is made again of the newest intent,
unless the caller said which revision it must be made against.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from controller.errors import Conflict, Invalid, NotFound
from controller.model.change import Change, move_instance, move_tenant
from controller.model.collections import COLLECTIONS
from controller.model.intent import Intent
from controller.model.network import Network
from controller.model.positions import NO_POSITIONS, Positions
from controller.model.problems import closest
from controller.northbound.access.principals import ANYBODY, Principal, Role
from controller.northbound.comparing import field_changes
from controller.northbound.discretion import Discretion
from controller.northbound.origins import unchanged, without
from controller.northbound.placing import decode_placement
from controller.northbound.planning import objects_changed, plan_view
from controller.northbound.plans import Planned, Plans, Replugged, entries_of
from controller.northbound.ports import (
    Controller,
    Draft,
    Note,
    Origins,
    Wait,
    Write,
    Written,
)
from controller.northbound.programs import Programs
from controller.northbound.stale import Stale, stale
from controller.northbound.submission import (
    Submission,
    decode_submission,
    hosts_of,
    single,
)
from controller.northbound.views import Body, object_view
from controller.northbound.wishes import host_wish, tenant_wish

_MANY: Final = ("instances", "services", "rules")
"""Of what there are thousands. What becomes of an edit of one of them is found in a moment."""

_FEW: Final = 100


@dataclass(frozen=True, slots=True)
class Options:
    """How a write is carried out.

    ``principal`` is who asks, which limits what may change. ``expected`` is the revision it must be
    made against, None for the newest. ``detail`` is that of the plan a dry run answers. ``key`` and
    ``request`` name the client's request, see :class:`controller.northbound.ports.Note`.
    """

    expected: int | None = None
    principal: Principal = ANYBODY
    author: str = ""
    message: str = ""
    wait: Wait = "applied"
    timeout_s: float = 10.0
    dry_run: bool = False
    detail: Literal["counts", "flows"] = "counts"
    key: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class _Edit:
    """How a write makes its intent, and says where the result is written down.

    ``is_brief``: it takes a millisecond or few.
    """

    intent: Callable[[Network], Intent]
    origins: Callable[[Origins, Intent, Intent], Origins]
    message: str
    is_brief: bool = False


class Operations:
    """Writes, and the plans of writes."""

    def __init__(self, controller: Controller, programs: Programs) -> None:
        self._controller = controller
        self._programs = programs
        self._plans = Plans()

    async def put(self, collection: str, name: str, body: object, options: Options) -> Body:
        """Make or replace one object; answers it with what was allocated, and ``created``."""
        known_collection(collection)
        created = name not in getattr(self._controller.network().intent, collection)
        change = Change("put", collection, name, {} if body is None else body)
        edit = _submitted(single(change), f"put {collection}/{name}")
        edit = replace(edit, is_brief=collection in _MANY and _is_small(body))
        answer, after = await self._write(edit, options)
        shown = object_view(self._after(after), collection, name)
        return {**shown, **answer, "created": created}

    async def delete(self, collection: str, name: str, options: Options) -> Body:
        """Delete one object. Raises NotFound, and Invalid while it is used."""
        known_collection(collection)
        known_name(self._controller.network().intent, collection, name, options.principal)
        edit = _submitted(single(Change("delete", collection, name)), f"delete {collection}/{name}")
        edit = replace(edit, is_brief=collection in _MANY)
        return (await self._write(edit, options))[0]

    async def apply(
        self, tree: object, options: Options, positions: Positions = NO_POSITIONS
    ) -> Body:
        """A whole document or a list of changes, as one revision."""
        submission = await asyncio.to_thread(decode_submission, tree, positions)
        default = "apply a document" if submission.changes is None else "apply changes"
        edit = _submitted(submission, submission.message or default)
        return (await self._write(edit, options))[0]

    async def move_tenant(self, name: str, tree: object, options: Options) -> Body:
        """Move a tenant; answers its ``vlan``, ``vrf`` and ``segment`` too."""
        wish = tenant_wish(tree)

        def make(network: Network) -> Intent:
            return move_tenant(network.intent, name, **wish)

        answer, after = await self._write(_Edit(make, _moved, f"move tenant {name}"), options)
        shown = object_view(self._after(after), "tenants", name)
        place = {key: shown[key] for key in ("segment", "vrf", "vlan")}
        return {"tenant": name, **place, **answer}

    async def move_instance(self, name: str, tree: object, options: Options) -> Body:
        """Move an instance to another host; answers the instance too."""
        host = host_wish(tree)

        def make(network: Network) -> Intent:
            return move_instance(network.intent, name, host, hosts_of(network))

        edit = _Edit(make, _moved, f"move instance {name} to {host}", is_brief=True)
        answer, after = await self._write(edit, options)
        return {**object_view(self._after(after), "instances", name), **answer}

    async def place(self, tree: object, options: Options) -> Body:
        """Where many instances and tenants go, as one revision; answers what became of each."""
        placement = await asyncio.to_thread(decode_placement, tree)
        count = len(placement.items)
        message = placement.message or f"place {count} item{'s' if count > 1 else ''}"

        def origins(now: Origins, _before: Intent, _after: Intent) -> Origins:
            said = {item.subject for item in placement.items if item.op != "move"}
            return now if said.isdisjoint(now) else without(now, said)

        answer, after = await self._write(_Edit(placement.made_of, origins, message), options)
        results = placement.results(self._after(after))
        discretion = Discretion(options.principal, self._controller.network())
        return {**answer, "items": discretion.of_results(results)}

    async def restore(self, number: int, options: Options) -> Body:
        """Make an earlier revision's intent the newest again, as a new revision."""
        intent = await self._controller.intent_at(number)
        edit = _Edit(lambda _network: intent, _restored, f"restore revision {number}")
        return {"restored": number, **(await self._write(edit, options))[0]}

    async def compare(self, one: int, other: int, detail: str) -> Body:
        """What the second revision has otherwise than the first: objects by field, flows, pairs.

        Raises NotFound.
        """
        now = self._controller.network()
        intents = [await self._controller.intent_at(number) for number in (one, other)]
        before, after = (Network(intent, now.topology, now.facts) for intent in intents)
        old, new = await self._programs.of(before), await self._programs.of(after)
        shown = await asyncio.to_thread(plan_view, before, after, old, new, detail)
        fields = field_changes(before.intent, after.intent, shown["objects"]["changed"])
        return {"from": one, "to": other, "fields": fields, **shown}

    def plan(self, plan_id: str) -> Body:
        """A plan as it was shown. Raises NotFound."""
        return self._plans.get(plan_id).shown

    async def apply_plan(self, plan_id: str, options: Options) -> Body:
        """Make a plan true, exactly as it was shown. Raises NotFound, and Stale: where the newest
        revision is not the plan's, or the one that the caller expects is not.
        """
        planned = self._plans.get(plan_id)
        if options.expected not in (None, planned.revision):
            raise await stale(self._controller, options.expected or 0, conditional=True)
        edit = _Edit(lambda _network: planned.intent, planned.origins, planned.message)
        bound = replace(options, expected=planned.revision)
        await self._check_entries(planned)
        return {"plan": plan_id, **(await self._write(edit, bound))[0]}

    async def _check_entries(self, planned: Planned) -> None:
        """Raises Replugged where a plan would change other entries now than it shows."""
        network = self._controller.network()
        if planned.revision != self._controller.revision() or planned.is_as_shown(network):
            return
        old = await self._programs.of(network)
        new = await self._programs.of(replace(network, intent=planned.intent))
        if await asyncio.to_thread(entries_of, old, new) != planned.entries:
            raise Replugged(planned)

    async def _write(self, edit: _Edit, options: Options) -> tuple[Body, Intent]:
        revision = self._controller.revision()
        if options.expected not in (None, revision):
            raise await self._stale(options, options.expected or 0)
        if options.dry_run:
            network = self._controller.network()
            after = await asyncio.to_thread(_made, edit, options.principal, network)
            if options.principal.role is not Role.VIEWER:  # who changes nothing, and sees all
                changes = objects_changed(network.intent, after)
                options.principal.check(network.intent, after, changes)
            return await self._plan(edit, network, after, revision, options.detail), after
        write = Write(
            lambda network, origins: _draft(edit, options, network, origins),
            options.expected,
            is_brief=edit.is_brief,
        )
        try:
            written = await self._controller.submit(
                write, wait=options.wait, timeout_s=options.timeout_s
            )
        except Conflict:
            raise await self._stale(options, revision) from None
        return _answer(written), written.draft.intent

    async def _stale(self, options: Options, base: int) -> Stale:
        error = await stale(self._controller, base, conditional=options.expected is not None)
        discretion = Discretion(options.principal, self._controller.network())
        error.meanwhile = discretion.of_revisions(error.meanwhile)
        return error

    async def _plan(
        self, edit: _Edit, network: Network, after: Intent, revision: int, detail: str
    ) -> Body:
        target = Network(after, network.topology, network.facts)
        old = await self._programs.of(network)
        new = await self._programs.of(target)
        shown = await asyncio.to_thread(plan_view, network, target, old, new, detail)
        changed = any(shown["objects"].values())
        plan_id = self._plans.new_id()
        body = {"plan": plan_id, "revision": revision, "dry_run": True, "changed": changed, **shown}
        self._plans.keep(
            Planned(
                *(plan_id, revision, network.topology, network.facts),
                await asyncio.to_thread(entries_of, old, new),
                *(after, edit.origins, edit.message, body),
            )
        )
        return body

    def _after(self, intent: Intent) -> Network:
        now = self._controller.network()
        return Network(intent, now.topology, now.facts)


def _draft(edit: _Edit, options: Options, network: Network, origins: Origins) -> Draft:
    """What a write makes of the newest revision."""
    before, after = network.intent, _made(edit, options.principal, network)
    changes = objects_changed(before, after)
    options.principal.check(before, after, changes)
    note = Note(
        author=options.author,
        message=options.message or edit.message,
        changes=changes,
        key=options.key,
        request=options.request,
    )
    return Draft(after, edit.origins(origins, before, after), note)


def _made(edit: _Edit, principal: Principal, network: Network) -> Intent:
    """The intent that an edit makes. Raises what the principal may read of what is wrong."""
    try:
        return edit.intent(network)
    except (Invalid, NotFound) as error:
        raise Discretion(principal, network).of_error(error) from None


def _answer(written: Written) -> Body:
    outcome = written.outcome
    return {
        "revision": outcome.revision,
        "applied": outcome.applied,
        "pending": dict(outcome.pending),
        "changed": written.draft.changes_something,
    }


def known_collection(collection: str) -> None:
    """Raises NotFound for a collection that there is not."""
    if collection not in COLLECTIONS:
        hint = closest(collection, COLLECTIONS) or f"; there are {', '.join(COLLECTIONS)}"
        raise NotFound(f"there is no collection `{collection}`{hint}")


def known_name(intent: Intent, collection: str, name: str, principal: Principal = ANYBODY) -> None:
    """Raises NotFound for an object that there is not, or not for this principal."""
    objects: Mapping[str, object] = getattr(intent, collection)
    if name not in objects or not principal.sees(intent, collection, name):
        shown = [n for n in objects if principal.sees(intent, collection, n)]
        raise NotFound(f"there is no `{name}` in {collection}{closest(name, shown)}")


def _submitted(submission: Submission, message: str) -> _Edit:
    def origins(now: Origins, _before: Intent, after: Intent) -> Origins:
        return submission.origins_after(now, after)

    return _Edit(submission.applied_to, origins, message)


def _is_small(tree: object) -> bool:
    """Whether a tree has few nodes. No more of them are looked at."""
    waiting, seen = [tree], 0
    while waiting and seen <= _FEW:
        found = waiting.pop()
        seen += 1
        if isinstance(found, Mapping):
            waiting += islice(found.values(), _FEW)
        elif isinstance(found, list):
            waiting += islice(found, _FEW)
    return seen <= _FEW


def _moved(now: Origins, _before: Intent, _after: Intent) -> Origins:
    return now  # nothing is new or gone


def _restored(now: Origins, before: Intent, after: Intent) -> Origins:
    return unchanged(now, before, after)
