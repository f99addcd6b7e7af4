"""What an entry exists for: the object that its cookie's number names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.dataplane.cookie import Feature, is_ours, parse
from controller.dataplane.program import row_of
from controller.dataplane.shapes import Entry
from controller.model.network import Network
from controller.model.numbers import stable_numbers
from controller.model.wire import wire_tag

_RULE_BITS: Final = 32  # a cookie's object


class Subject(NamedTuple):
    """An object of the network, by kind and name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


_KINDS: Final = {
    Feature.ADMIT: "instance",
    Feature.WIRE: "segment",
    Feature.ORIGIN: "instance",
    Feature.ANSWER: "segment",
    Feature.RESOLVE: "instance",
    Feature.PERMIT: "rule",
    Feature.CLASS: "class",
    Feature.DELIVER: "switch",
}
_OTHERS: Final = {"answer.arp": "", "admit.fabric": ""}
"""Shapes whose cookie names another kind than their feature's; "" for no object at all."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The objects of a network by kind and cookie number."""

    numbers: Mapping[str, Mapping[int, str]]

    @staticmethod
    def of(network: Network) -> Subjects:
        """The objects that entries of a network's programs may name."""
        intent = network.intent
        segments = {
            wire_tag(intent.vrfs[s.vrf].id, s.vlan).number: s.name for s in intent.segments.values()
        }
        rules = stable_numbers(intent.rules, _RULE_BITS)
        return Subjects(
            {
                "instance": {i.id: i.name for i in intent.instances.values()},
                "segment": segments,
                "rule": {number: name for name, number in rules.items()},
                "class": {c.dscp: c.name for c in intent.classes.values()},
                "switch": {s.number: s.name for s in network.topology.switches.values()},
            }
        )

    def find(self, entry: Entry | None) -> Subject | None:
        """The object of an entry; None for a table's own entry and for one that is not ours."""
        if entry is None or not is_ours(entry.cookie):
            return None
        row, number = row_of(entry), parse(entry.cookie)
        if row is None or number.feature not in _KINDS:
            return None
        kind = _OTHERS.get(row.shape, _KINDS[Feature(number.feature)])
        name = self.numbers.get(kind, {}).get(number.object)
        return None if name is None else Subject(kind, name)
