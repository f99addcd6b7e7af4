"""What the verifier finds wrong, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from controller.dataplane.shapes import Entry
from controller.verify.probe import Question
from controller.verify.site import (
    Answered,
    Delivered,
    Dropped,
    Looped,
    Lost,
    Undecided,
    Walk,
)

Kind = Literal[
    "leak",
    "loss",
    "loop",
    "class",
    "queue",
    "detour",
    "spoof",
    "gateway",
    "ambiguous",
    "fabric",
    "unreadable",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that switches do and should not, with the packet that shows it and its walk.

    ``subject`` is what it is about in words. ``walk`` is there where a packet shows it, and
    ``question`` where that is of a connection between two; ``entry`` where an entry is wrong as
    such.
    """

    kind: Kind
    subject: str
    expected: str
    found: str
    question: Question | None = None
    walk: Walk | None = None
    entry: Entry | None = None

    def __str__(self) -> str:
        return f"{self.subject}: expected {self.expected}, found {self.found}"


def shown(kind: Kind, subject: str, expected: str, walk: Walk) -> Fault:
    """A fault of a packet that is of no connection between two instances."""
    return Fault(kind_of(kind, walk), subject, expected, fate_text(walk), walk=walk)


def kind_of(otherwise: Kind, walk: Walk) -> Kind:
    """What a fault is called: by its packet's fate where that says all."""
    match walk.fate:
        case Looped():
            return "loop"
        case Undecided():
            return "ambiguous"
        case _:
            return otherwise


def subject_of(question: Question) -> str:
    """A connection in words."""
    marked = f" marked DSCP {question.dscp}" if question.dscp else ""
    to = question.destination.name or str(question.destination.ip)
    names: Mapping[int, str] = {1: "icmp", 6: "tcp", 17: "udp"}
    protocol = names.get(question.protocol, f"protocol {question.protocol}")
    port = f"/{question.port}" if question.protocol in (6, 17) else ""
    return f"{question.source.name} -> {to} {protocol}{port}{marked}"


def fate_text(walk: Walk) -> str:
    """What became of a packet."""
    match walk.fate:
        case Delivered(instance):
            return f"delivered to {instance}"
        case Answered():
            return "answered by the switch"
        case Dropped(switch, table):
            return f"dropped at {switch}, table {table}"
        case Lost(switch, port):
            return f"lost at {switch}, port {port}"
        case Looped(switch):
            return f"a loop at {switch}"
        case Undecided(switch, table, entries):
            return f"two entries of one priority at {switch}, table {table}: {entries}"
