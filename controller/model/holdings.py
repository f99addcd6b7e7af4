"""Who holds each number and address of an intent, kept up to date from one intent to the next.

It says whether a change is right at the cost of what changed. What is wrong, and why, is said by
the checks of the whole (:mod:`controller.model.check`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar

from controller.model.identity import IdentityKey, identities, identity_labels
from controller.model.intent import Instance, Intent
from controller.model.reserved import Reserved, reserved_of
from controller.model.selection import LabelSets
from controller.model.subnets import is_host
from controller.model.touched import different, touched_services

Place = tuple[str, str, int]
"""A host, a port of it, and the VLAN tag of a nested instance or 0."""

K = TypeVar("K")
Leaked = Mapping[str, frozenset[IdentityKey]]

_NOBODY: Final[frozenset[str]] = frozenset()
_NONE: Final[frozenset[IdentityKey]] = frozenset()


class _Wrong(Exception):
    """Something that is to be one's alone is another's already, or may be nobody's."""


@dataclass(slots=True)
class Holdings:
    """Names of instances by their ids, MACs, places, hosts, services and identities.

    ``views``: VRF to the addresses it resolves, its own and those that rules leak into it, each
    with its instance; ``gateways`` and ``reserved``: VRF to those of its segments; ``leaked``:
    VRF to the identities of other VRFs that it resolves.
    """

    intent: Intent
    keys: Mapping[str, IdentityKey]
    ids: dict[int, str]
    macs: dict[str, str]
    places: dict[Place, str]
    hosts: dict[str, int]
    of_service: dict[str, frozenset[str]]
    of_key: dict[IdentityKey, frozenset[str]]
    views: dict[str, dict[int, str]]
    gateways: Mapping[str, frozenset[int]]
    reserved: Mapping[str, Reserved]
    leaked: Leaked

    def after(self, intent: Intent) -> Holdings | None:
        """Those of another intent; None where two would hold the same, or what nobody may.

        An address may stay as it was where it does not fit its segment: a tenant's move keeps it.
        """
        found = self._copy(intent)
        try:
            found._follow(self, self._touched(intent, found.keys))
        except _Wrong:
            return None
        return found

    def _copy(self, intent: Intent) -> Holdings:
        same = intent.segments is self.intent.segments and intent.vrfs is self.intent.vrfs
        return Holdings(
            intent=intent,
            keys=identities(intent),
            ids=dict(self.ids),
            macs=dict(self.macs),
            places=dict(self.places),
            hosts=dict(self.hosts),
            of_service=dict(self.of_service),
            of_key=dict(self.of_key),
            views={vrf: dict(self.views.get(vrf, {})) for vrf in intent.vrfs},
            gateways=self.gateways if same else _gateways(intent),
            reserved=self.reserved if same else reserved_of(intent),
            leaked=self.leaked,
        )

    def _touched(self, intent: Intent, keys: Mapping[str, IdentityKey]) -> set[str]:
        """Instances that came, went or differ, or whose service's segment or identity does."""
        names = different(self.intent.instances, intent.instances)
        for service in touched_services(self.intent, intent) | different(self.keys, keys):
            names |= self.of_service.get(service, _NOBODY)
        return names

    def _follow(self, before: Holdings, names: Collection[str]) -> None:
        gone = [before.intent.instances[n] for n in names if n in before.intent.instances]
        come = [self.intent.instances[n] for n in names if n in self.intent.instances]
        for instance in gone:
            self._drop(instance, before.keys[instance.service])
        for instance in come:
            _more(self.of_service, instance.service, instance.name)
            _more(self.of_key, self.keys[instance.service], instance.name)
        self._follow_leaks(before)
        for instance in come:
            self._put(instance, before.intent)
        if self.gateways is not before.gateways:
            self._check_nobodys()

    def _drop(self, instance: Instance, key: IdentityKey) -> None:
        name, ip = instance.name, int(instance.ip)
        del self.ids[instance.id], self.macs[instance.mac], self.places[_place(instance)]
        self.hosts[instance.host] -= 1
        if not self.hosts[instance.host]:
            del self.hosts[instance.host]
        _less(self.of_service, instance.service, name)
        _less(self.of_key, key, name)
        for view in self.views.values():
            if view.get(ip) == name:
                del view[ip]

    def _put(self, instance: Instance, before: Intent) -> None:
        name = instance.name
        _hold(self.ids, instance.id, name)
        _hold(self.macs, instance.mac, name)
        _hold(self.places, _place(instance), name)
        self.hosts[instance.host] = self.hosts.get(instance.host, 0) + 1
        segment = self.intent.segment_of(instance)
        self._show(segment.vrf, instance)
        key = self.keys[instance.service]
        for vrf, keys in self.leaked.items():
            if key in keys:
                self._show(vrf, instance)
        if instance.ip not in segment.subnet:
            held = before.instances.get(name)
            if held is None or held.ip != instance.ip:
                _refuse()
        elif not is_host(instance.ip, segment.subnet):
            _refuse()

    def _show(self, vrf: str, instance: Instance) -> None:
        """An address in a VRF's view, where it must be nobody else's."""
        ip = int(instance.ip)
        _hold(self.views[vrf], ip, instance.name)
        if ip in self.gateways[vrf] or ip in self.reserved[vrf]:
            _refuse()

    def _follow_leaks(self, before: Holdings) -> None:
        """Identities that a VRF resolves now and did not before, or the other way round."""
        if (
            self.intent.rules is before.intent.rules
            and self.intent.vrfs is before.intent.vrfs
            and self.of_key.keys() == before.of_key.keys()
        ):
            return
        self.leaked = _leaked(self.intent, self.of_key)
        for vrf in self.views:
            was, now = before.leaked.get(vrf, _NONE), self.leaked.get(vrf, _NONE)
            for instance in self._of_keys(was - now):
                if self.views[vrf].get(int(instance.ip)) == instance.name:
                    del self.views[vrf][int(instance.ip)]
            for instance in self._of_keys(now - was):
                self._show(vrf, instance)

    def _of_keys(self, keys: Iterable[IdentityKey]) -> Iterator[Instance]:
        names = (name for key in keys for name in self.of_key.get(key, _NOBODY))
        return (self.intent.instances[name] for name in names)

    def _check_nobodys(self) -> None:
        """Nobody has what segments answer for or reserve."""
        for vrf, gateways in self.gateways.items():
            view, reserved = self.views[vrf], self.reserved[vrf]
            if not gateways.isdisjoint(view) or (reserved and any(ip in reserved for ip in view)):
                _refuse()


def holdings(intent: Intent) -> Holdings:
    """Who holds what in a valid intent."""
    for known in _LAST:
        if known.intent is intent:
            return known
    nearest = _LAST[0].after(intent) if _LAST else None
    return remember(nearest or _anew(intent))


def remember(found: Holdings) -> Holdings:
    """Keep holdings for those that will be asked for next."""
    _LAST.insert(0, found)
    del _LAST[_KEPT:]
    return found


_KEPT: Final = 3
_LAST: Final[list[Holdings]] = []
"""The last results. They save work and decide nothing."""


def _anew(intent: Intent) -> Holdings:
    keys, every = identities(intent), intent.instances.values()
    of_key = _grouped((keys[i.service], i.name) for i in every)
    found = Holdings(
        intent=intent,
        keys=keys,
        ids={i.id: i.name for i in every},
        macs={i.mac: i.name for i in every},
        places={_place(i): i.name for i in every},
        hosts=dict(Counter(i.host for i in every)),
        of_service=_grouped((i.service, i.name) for i in every),
        of_key=of_key,
        views={vrf: {} for vrf in intent.vrfs},
        gateways=_gateways(intent),
        reserved=reserved_of(intent),
        leaked=_leaked(intent, of_key),
    )
    for instance in every:
        found.views[keys[instance.service][0]][int(instance.ip)] = instance.name
    for vrf, leaked in found.leaked.items():
        found.views[vrf].update((int(i.ip), i.name) for i in found._of_keys(leaked))
    return found


def _grouped(items: Iterable[tuple[K, str]]) -> dict[K, frozenset[str]]:
    found: dict[K, set[str]] = {}
    for key, name in items:
        found.setdefault(key, set()).add(name)
    return {key: frozenset(names) for key, names in found.items()}


def _gateways(intent: Intent) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {vrf: set() for vrf in intent.vrfs}
    for segment in intent.segments.values():
        found[segment.vrf].add(int(segment.gateway))
    return {vrf: frozenset(gateways) for vrf, gateways in found.items()}


def _leaked(intent: Intent, populated: Iterable[IdentityKey]) -> Leaked:
    """VRF to the identities of others that a rule pairs with one of its own, either way."""
    index = LabelSets({key: identity_labels(key) for key in populated})
    found: dict[str, set[IdentityKey]] = {vrf: set() for vrf in intent.vrfs}
    for rule in intent.rules.values():
        sources, destinations = index.matching(rule.source), index.matching(rule.destination)
        for ends, others in ((sources, destinations), (destinations, sources)):
            for vrf in {key[0] for key in ends}:
                found[vrf].update(key for key in others if key[0] != vrf)
    return {vrf: frozenset(keys) for vrf, keys in found.items()}


def _place(instance: Instance) -> Place:
    return instance.host, instance.port, instance.nested_vlan


def _hold(held: dict[K, str], what: K, name: str) -> None:
    if held.setdefault(what, name) != name:
        _refuse()


def _refuse() -> NoReturn:
    raise _Wrong


def _more(groups: dict[K, frozenset[str]], key: K, name: str) -> None:
    groups[key] = groups.get(key, _NOBODY) | {name}


def _less(groups: dict[K, frozenset[str]], key: K, name: str) -> None:
    left = groups[key] - {name}
    if left:
        groups[key] = left
    else:
        del groups[key]
