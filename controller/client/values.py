"""What calls answer, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.errors import Problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a write. ``pending``: switches that do not hold it yet, each with why.

    ``answer`` is all that the controller has answered, which for some writes is more.
    """

    revision: int
    applied: bool
    changed: bool
    pending: Mapping[str, str]
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Outcome:
        """The outcome in an answer."""
        return Outcome(
            answer["revision"],
            answer["applied"],
            answer["changed"],
            dict(answer["pending"]),
            answer,
        )


@dataclass(frozen=True, slots=True)
class Plug:
    """What a tool must plug in for an instance, known before the port exists.

    The port's ``external_ids:iface-id`` must be ``interface_id``. ``nested_vlan`` is the 802.1Q id
    of a sub-port of a VM's port, None where the port is the instance's own. ``vlan`` is the
    segment's extended id, which the instance does not see.
    """

    instance: str
    host: str
    switch: str | None
    interface_id: str
    mac: str
    ip: str
    prefix_length: int
    gateway: str
    mtu: int
    nested_vlan: int | None
    vlan: int
    vrf: str

    @property
    def address(self) -> str:
        """The address as it is configured: ``10.20.1.2/24``."""
        return f"{self.ip}/{self.prefix_length}"

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Plug:
        """What an instance's answer says."""
        return Plug(
            instance=answer["name"],
            host=answer["host"],
            switch=answer["switch"],
            interface_id=answer["port"],
            mac=answer["mac"],
            ip=answer["ip"],
            prefix_length=answer["prefix_length"],
            gateway=answer["gateway"],
            mtu=answer["mtu"],
            nested_vlan=answer["nested_vlan"],
            vlan=answer["vlan"],
            vrf=answer["vrf"],
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one item: ``plug`` of an instance that is there now, or ``problems``."""

    subject: str
    done: bool
    plug: Plug | None
    problems: Sequence[Problem]

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Placed:
        """What an item's answer says."""
        shown = answer.get("object")
        return Placed(
            answer["instance"] if "instance" in answer else answer["tenant"],
            answer["done"],
            Plug.of(shown) if shown and "mac" in shown else None,
            tuple(Problem(item["path"], item["message"]) for item in answer.get("errors", ())),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``at`` is ISO 8601 in UTC."""

    id: int
    at: str
    kind: str
    data: Mapping[str, Any]
