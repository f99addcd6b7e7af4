"""Fills in what a few new instances leave out at their own cost: with the same as with all."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from controller.model.allocate_instances import Held, allocate_among
from controller.model.draft import InstanceDraft
from controller.model.holdings import Holdings, holdings
from controller.model.intent import Instance, Intent
from controller.model.problems import Problems


def allocate_new(
    partial: Intent,
    names: Collection[str],
    instances: Mapping[str, Instance | InstanceDraft],
    before: Intent,
) -> dict[str, Instance] | None:
    """The instances of some names, all of which are new; None where that is left to the whole way.

    That is so where anything else changes who holds what: other objects, instances that were there,
    services that get their first instance (whom VRFs resolve follows from that), or where nothing
    is left. ``partial`` is the intent but for them, ``instances`` are all others and the drafts.
    """
    drafts = [
        value for name in sorted(names) if isinstance(value := instances.get(name), InstanceDraft)
    ]
    if partial is not before or len(drafts) < len(names):
        return None
    known = holdings(before)
    if any(draft.name in before.instances or not _lives(known, draft) for draft in drafts):
        return None
    problems = Problems()
    found = allocate_among(partial, drafts, _held(known, drafts), before, problems)
    return None if len(problems) else found


def _lives(known: Holdings, draft: InstanceDraft) -> bool:
    return known.keys[draft.service] in known.of_key


def _held(known: Holdings, drafts: Collection[InstanceDraft]) -> Held:
    keys = {service: known.keys[service] for service in {draft.service for draft in drafts}}
    return Held(
        addresses={vrf: (view, known.nobodys.gateways[vrf]) for vrf, view in known.views.items()},
        views={
            service: frozenset(
                {key[0], *(vrf for vrf, leaked in known.leaked.items() if key in leaked)}
            )
            for service, key in keys.items()
        },
        ids=known.ids,
        macs=known.macs,
    )
