"""Who holds each number and address of an intent, kept up to date from one intent to the next.

It says whether a change is right at the cost of what changed. What is wrong, and why, is said by
the checks of the whole (:mod:`controller.model.check`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NoReturn, TypeVar

from controller.model.differences import different
from controller.model.groups import belongings, grouped, members, regrouped
from controller.model.identity import IdentityKey, identities, identity_labels
from controller.model.intent import Instance, Intent
from controller.model.nobodys import Nobodys, nobodys, taken
from controller.model.selection import LabelSets
from controller.model.spread import Spread
from controller.model.subnets import is_host
from controller.model.touched import touched_services

Place = tuple[str, str, int]
"""A host, a port of it, and the VLAN tag of a nested instance or 0."""

K = TypeVar("K", bound=Hashable)
Leaked = Mapping[str, frozenset[IdentityKey]]

_NONE: Final[frozenset[IdentityKey]] = frozenset()


class _Wrong(Exception):
    """Something that is to be one's alone is another's already, or may be nobody's."""


@dataclass(slots=True)
class Holdings:
    """Names of instances by their ids, MACs, places, hosts and identities.

    ``views``: VRF to the addresses it resolves, its own and those that rules leak into it, each
    with its instance; ``nobodys`` are those that no instance may have; ``leaked``: VRF to the
    identities of other VRFs that it resolves. What others were made from is shared with them, and
    not changed any more.
    """

    intent: Intent
    keys: Mapping[str, IdentityKey]
    ids: dict[int, str]
    macs: Spread[str, str]
    places: Spread[Place, str]
    hosts: dict[str, int]
    of_key: Mapping[IdentityKey, frozenset[str]]
    views: dict[str, dict[int, str]]
    nobodys: Nobodys
    leaked: Leaked

    @staticmethod
    def of(intent: Intent) -> Holdings:
        """Those of an intent, from nothing."""
        return _anew(intent)

    def after(self, intent: Intent) -> Holdings | None:
        """Those of another intent; None where two would hold the same, or what nobody may.

        An address may stay as it was where it does not fit its segment: a tenant's move keeps it.
        """
        found = self._shared(intent)
        try:
            if intent.instances is not self.intent.instances:
                found._follow_instances(self)
            found._follow_addresses(self)
        except _Wrong:
            return None
        return found

    def _shared(self, intent: Intent) -> Holdings:
        """The same of another intent: what is to be changed has to be copied first."""
        return Holdings(
            intent=intent,
            keys=identities(intent),
            ids=self.ids,
            macs=self.macs,
            places=self.places,
            hosts=self.hosts,
            of_key=self.of_key,
            views={vrf: self.views.get(vrf, {}) for vrf in intent.vrfs},
            nobodys=self.nobodys.after(self.intent, intent),
            leaked=self.leaked,
        )

    def _follow_instances(self, before: Holdings) -> None:
        """Ids, MACs and places of instances that came, went or differ."""
        old, new = before.intent.instances, self.intent.instances
        names = different(old, new)
        gone = [old[name] for name in names if name in old]
        come = [new[name] for name in names if name in new]
        self.ids = _ids_after(self.ids, gone, come)
        self.macs = _passed_on(self.macs, gone, come, _mac)
        self.places = _passed_on(self.places, gone, come, _place)
        hosts = Counter(self.hosts)
        hosts.subtract(instance.host for instance in gone)
        hosts.update(instance.host for instance in come)
        self.hosts = dict(+hosts)

    def _follow_addresses(self, before: Holdings) -> None:
        """Identities and addresses of instances that are not what, or where, they were."""
        names = self._touched(before)
        gone = [before.intent.instances[n] for n in names if n in before.intent.instances]
        come = [self.intent.instances[n] for n in names if n in self.intent.instances]
        self.of_key = regrouped(
            self.of_key,
            ((before.keys[instance.service], instance.name) for instance in gone),
            ((self.keys[instance.service], instance.name) for instance in come),
        )
        stay = {instance.name for instance in come if self._stays(instance, before)}
        for instance in gone:
            if instance.name not in stay:
                self._hide(instance, self.views, before)
        self._follow_leaks(before)
        for instance in come:
            if instance.name not in stay:
                self._put(instance, before)
        self._check_segments(before.intent)

    def _stays(self, instance: Instance, before: Holdings) -> bool:
        """Whether whose address it is, and where it is seen, is what it was."""
        old = before.intent.instances.get(instance.name)
        return (
            old is not None
            and old.ip == instance.ip
            and before.keys[old.service] == self.keys[instance.service]
            and before.intent.segment_of(old) is self.intent.segment_of(instance)
        )

    def _touched(self, before: Holdings) -> set[str]:
        """Instances that came, went or differ, or whose service's segment or identity does."""
        services = touched_services(before.intent, self.intent) | different(before.keys, self.keys)
        names = different(before.intent.instances, self.intent.instances)
        return names | members(belongings(self.intent, "instances"), services)

    def _put(self, instance: Instance, before: Holdings) -> None:
        """An instance's address, in every view that it is in."""
        segment = self.intent.segment_of(instance)
        self._show(segment.vrf, instance, before)
        key = self.keys[instance.service]
        for vrf, keys in self.leaked.items():
            if key in keys:
                self._show(vrf, instance, before)
        if instance.ip not in segment.subnet:
            held = before.intent.instances.get(instance.name)
            if held is None or held.ip != instance.ip:
                _refuse()
        elif not is_host(instance.ip, segment.subnet):
            _refuse()

    def _show(self, vrf: str, instance: Instance, before: Holdings) -> None:
        """An address in a VRF's view, where it must be nobody else's."""
        ip = int(instance.ip)
        _hold(self._own(vrf, before), ip, instance.name)
        if self.nobodys.has(vrf, ip):
            _refuse()

    def _hide(self, instance: Instance, vrfs: Iterable[str], before: Holdings) -> None:
        """An address out of the views of some VRFs."""
        ip = int(instance.ip)
        for vrf in vrfs:
            if self.views[vrf].get(ip) == instance.name:
                del self._own(vrf, before)[ip]

    def _own(self, vrf: str, before: Holdings) -> dict[int, str]:
        """A VRF's view, to be changed."""
        view = self.views[vrf]
        if view is before.views.get(vrf):
            view = self.views[vrf] = view.copy()
        return view

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
                self._hide(instance, (vrf,), before)
            for instance in self._of_keys(now - was):
                self._show(vrf, instance, before)

    def _of_keys(self, keys: Iterable[IdentityKey]) -> Iterator[Instance]:
        names = (name for key in keys for name in self.of_key.get(key, ()))
        return (self.intent.instances[name] for name in names)

    def _check_segments(self, before: Intent) -> None:
        """Nobody has what segments that came or differ answer for or reserve."""
        names = different(before.segments, self.intent.segments)
        come = [self.intent.segments[name] for name in names if name in self.intent.segments]
        for vrf in {segment.vrf for segment in come}:
            mine = [segment for segment in come if segment.vrf == vrf]
            if taken(mine, self.views[vrf]):
                _refuse()


def holdings(intent: Intent) -> Holdings:
    """Who holds what in a valid intent."""
    for known in _LAST:
        if known.intent is intent:
            return known
    nearest = _LAST[0].after(intent) if _LAST else None
    return remember(nearest or Holdings.of(intent))


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
    of_key = grouped((keys[i.service], i.name) for i in every)
    found = Holdings(
        intent=intent,
        keys=keys,
        ids={i.id: i.name for i in every},
        macs=Spread.of({i.mac: i.name for i in every}),
        places=Spread.of({_place(i): i.name for i in every}),
        hosts=dict(Counter(i.host for i in every)),
        of_key=of_key,
        views={vrf: {} for vrf in intent.vrfs},
        nobodys=nobodys(intent),
        leaked=_leaked(intent, of_key),
    )
    for instance in every:
        found.views[keys[instance.service][0]][int(instance.ip)] = instance.name
    for vrf, leaked in found.leaked.items():
        found.views[vrf].update((int(i.ip), i.name) for i in found._of_keys(leaked))
    return found


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


_id: Final = attrgetter("id")
_mac: Final = attrgetter("mac")


def _place(instance: Instance) -> Place:
    return instance.host, instance.port, instance.nested_vlan


def _ids_after(
    held: dict[int, str], gone: Collection[Instance], come: Collection[Instance]
) -> dict[int, str]:
    """Ids once some have given theirs up and others have it: the same mapping where they had."""
    out, into = _by(gone, _id), _by(come, _id)
    if out == into:
        return held
    found = held.copy()  # who allocates looks through them faster than through a spread
    for given_up in out:
        del found[given_up]
    for number, name in into.items():
        _hold(found, number, name)
    return found


def _passed_on(
    held: Spread[K, str],
    gone: Collection[Instance],
    come: Collection[Instance],
    what: Callable[[Instance], K],
) -> Spread[K, str]:
    """The same of anything else that one may hold."""
    out, into = _by(gone, what), _by(come, what)
    if out == into:
        return held
    if any(one in held and one not in out for one in into):
        _refuse()
    return held.changed(out, into)


def _by(instances: Collection[Instance], what: Callable[[Instance], K]) -> dict[K, str]:
    """Who holds what, of some instances."""
    found = {what(one): one.name for one in instances}
    return found if len(found) == len(instances) else _refuse()


def _hold(held: dict[K, str], what: K, name: str) -> None:
    if held.setdefault(what, name) != name:
        _refuse()


def _refuse() -> NoReturn:
    raise _Wrong
