"""What one switch holds, as look-ups: each row filed under what a packet asks of its table.

Filing a row or taking it out costs the same whatever else is there, so that a changed switch is
looked at anew only where it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row, relation
from controller.verify.conjunctions import NO_PERMITS, Conjunctions, Permit, Permits, is_clause


class Place(NamedTuple):
    """Where an instance's packets enter: OpenFlow port, and 802.1Q id (0: untagged)."""

    port: int
    nested: int


class Own(NamedTuple):
    """The addresses that a sender may use."""

    mac: int
    ip: int


class Sender(NamedTuple):
    """What admission writes into registers."""

    vrf: int
    segment: int
    source: int
    zone: int


class Target(NamedTuple):
    """Whom an address stands for. ``edge`` 0: somebody on this switch."""

    target: int
    destination: int
    edge: int = 0
    lane: int = 0

    @property
    def s_vid(self) -> int:
        """The outer tag of frames to it."""
        return self.target >> 12

    @property
    def c_vid(self) -> int:
        """The inner tag of frames to it."""
        return self.target & 0xFFF


class Arrival(NamedTuple):
    """How a receiver is handed its packets."""

    mac: int
    port: int
    nested: int
    zone: int


Cells = dict[tuple[int, ...], tuple[int, ...]]

_COLUMNS: Final[Mapping[str, str]] = {
    "admit.ipv4": "port mac ip > vrf segment source zone",
    "admit.nested_ipv4": "port nested mac ip > vrf segment source zone",
    "admit.arp": "port mac ip >",
    "admit.nested_arp": "port nested mac ip >",
    "admit.dhcp": ">",
    "admit.nested_dhcp": ">",
    "admit.fabric": "port edge s_vid >",
    "wire.segment": "s_vid c_vid > vrf",
    "origin.address": "vrf source ip >",
    "answer.arp": "own bit asked >",
    "answer.echo": "segment gateway >",
    "answer.dhcp": "segment gateway >",
    "resolve.receiver:here": "vrf ip > target destination",
    "resolve.receiver:away": "vrf ip > target destination edge lane",
    "arrive.instance": "target destination ip > mac port nested zone",
    "permit.from_any": "source > shares",
    "permit.to_any": "destination > shares",
    "permit.shared_any": "share > class",
    "permit.from_some": "source > shares",
    "permit.to_some": "destination > shares",
    "permit.at_icmp": "> shares",
    "permit.at_tcp": "port port_mask > shares",
    "permit.at_udp": "port port_mask > shares",
    "permit.shared_some": "share > class",
    "permit.any": "source destination > class",
    "permit.icmp": "source destination > class",
    "permit.tcp": "source destination port port_mask > class",
    "permit.udp": "source destination port port_mask > class",
    "permit.marked_any": "source destination far dscp > class",
    "permit.marked_icmp": "source destination far dscp > class",
    "permit.marked_tcp": "source destination far dscp port port_mask > class",
    "permit.marked_udp": "source destination far dscp port port_mask > class",
    "class.mark": "class > queue plane",
    "class.transit": "class > queue",
    "class.forgotten": "> plane",
    "class.stray": ">",
    "deliver.away": "edge plane lane > mac port",
    "deliver.transit": "plane edge lane > port",
}
"""Match columns > action columns, as this module takes them by position."""

_MARKED: Final = "permit.marked_"
_PERMIT: Final = "permit."
_SENDERS: Final = ("admit.ipv4", "admit.nested_ipv4")
_ARPS: Final = ("admit.arp", "admit.nested_arp")


@dataclass(slots=True)
class Tables:
    """One switch's rows. ``cells``: by relation, match columns to action columns.

    ``senders`` and ``permits`` are the same rows by port and by pair of identities; ``gateways``
    are the addresses whose echo is answered, by segment; ``tags`` those that were ever admitted;
    ``homes`` the places where somebody was ever admitted in a segment.
    """

    cells: dict[str, Cells] = field(default_factory=dict)
    senders: dict[Place, dict[Own, Sender]] = field(default_factory=dict)
    arps: dict[Place, dict[Own, None]] = field(default_factory=dict)
    permits: dict[int, dict[int, Permits]] = field(default_factory=dict)
    gateways: dict[int, frozenset[int]] = field(default_factory=dict)
    tags: dict[int, dict[int, None]] = field(default_factory=dict)
    homes: dict[int, dict[Place, None]] = field(default_factory=dict)
    conjunctions: Conjunctions = field(default_factory=Conjunctions)

    @staticmethod
    def of(rows: Iterable[Row]) -> Tables:
        """The tables of a program."""
        tables = Tables()
        tables.add(rows)
        return tables

    def add(self, rows: Iterable[Row]) -> None:
        """File rows; one whose key is there already takes its place."""
        for row in rows:
            cells = self.cells.setdefault(relation(row.shape), {})
            if row.shape.startswith(_PERMIT) and row.match in cells:
                self._take_out(row._replace(args=cells[row.match]))
            cells[row.match] = row.args
            self._file(row)

    def remove(self, rows: Iterable[Row]) -> None:
        """Take rows out."""
        for row in rows:
            self.cells.get(relation(row.shape), {}).pop(row.match, None)
            self._take_out(row)

    def cell(self, name: str, *match: int) -> tuple[int, ...] | None:
        """The action columns of a row, None where there is no such row."""
        return self.cells.get(name, {}).get(match)

    def has(self, name: str, *match: int) -> bool:
        """Whether there is a row."""
        return match in self.cells.get(name, ())

    def target(self, vrf: int, ip: int) -> Target | None:
        """Whom an address stands for in a VRF."""
        found = self.cell("resolve.receiver", vrf, ip)
        return None if found is None else Target(*found)

    def arrival(self, target: Target, ip: int) -> Arrival | None:
        """How packets to a target on this switch are handed over."""
        found = self.cell("arrive.instance", target.target, target.destination, ip)
        return None if found is None else Arrival(*found)

    def addresses(self, vrf: int) -> list[int]:
        """The addresses that a VRF can resolve here."""
        return [ip for number, ip in self.cells.get("resolve.receiver", ()) if number == vrf]

    def permitted(self, source: int, destination: int) -> Permits:
        """What is permitted between two identities."""
        own = self.permits.get(source, {}).get(destination, NO_PERMITS)
        return own | self.conjunctions.permitted(source, destination)

    def partners(self, source: int) -> set[int]:
        """The identities to which one is permitted something."""
        return {*self.permits.get(source, ()), *self.conjunctions.partners(source)}

    def tags_at(self, port: int) -> set[int]:
        """The 802.1Q ids under which somebody is admitted at a port; 0 for untagged."""
        return set(self.tags.get(port, ()))

    def _file(self, row: Row) -> None:
        if is_clause(row.shape):
            self.conjunctions.put(row)
        elif row.shape.startswith(_PERMIT):
            self._permit(row)
        elif row.shape in _SENDERS:
            place, own = place_of(row)
            sender = Sender(*row.args)
            self.senders.setdefault(place, {})[own] = sender
            self.homes.setdefault(sender.segment, {})[place] = None
            self.tags.setdefault(place.port, {})[place.nested] = None
        elif row.shape in _ARPS:
            place, own = place_of(row)
            self.arps.setdefault(place, {})[own] = None
        elif row.shape == "answer.echo":
            segment, gateway = row.match
            self.gateways[segment] = self.gateways.get(segment, frozenset()) | {gateway}

    def _take_out(self, row: Row) -> None:
        if is_clause(row.shape):
            self.conjunctions.drop(row)
        elif row.shape.startswith(_PERMIT):
            self._unpermit(row)
        elif row.shape in _SENDERS:
            place, own = place_of(row)
            self.senders.get(place, {}).pop(own, None)
        elif row.shape in _ARPS:
            place, own = place_of(row)
            self.arps.get(place, {}).pop(own, None)
        elif row.shape == "answer.echo":
            segment, gateway = row.match
            self.gateways[segment] = self.gateways.get(segment, frozenset()) - {gateway}

    def _permit(self, row: Row) -> None:
        if row.match:
            mine = self.permits.setdefault(row.match[0], {})
            mine[row.match[1]] = mine.get(row.match[1], NO_PERMITS) | {_permit(row)}

    def _unpermit(self, row: Row) -> None:
        if row.match:
            mine = self.permits.get(row.match[0], {})
            left = mine.pop(row.match[1], NO_PERMITS) - {_permit(row)}
            if left:
                mine[row.match[1]] = left


def place_of(row: Row) -> tuple[Place, Own]:
    """Where and as whom an admission row takes packets."""
    nested = row.match[1] if len(row.match) > len(("port", "mac", "ip")) else 0
    return Place(row.match[0], nested), Own(*row.match[-2:])


def _permit(row: Row) -> Permit:
    rest = row.match[2:]
    protocol = row.shape.rpartition(".")[2].removeprefix("marked_")
    far, dscp = (rest[0], rest[1]) if row.shape.startswith(_MARKED) else (None, None)
    port, mask = (rest[-2], rest[-1]) if protocol in ("tcp", "udp") else (0, 0)
    return Permit(protocol, far, dscp, port, mask, row.args[0])


def _check_columns() -> None:
    for name, text in _COLUMNS.items():
        shape = SHAPES[name]
        found = " ".join((*shape.match_columns, ">", *shape.arg_columns))
        if found != text:
            raise TypeError(f"{name} has columns `{found}`, the verifier expects `{text}`")


_check_columns()
