"""What is observed and judged, as the API answers it: JSON objects whose keys are known."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class SwitchCounts(TypedDict):
    """Of all declared switches; ``entries``: flow entries on them."""

    declared: int
    connected: int
    in_sync: int
    entries: int


class ProofRun(TypedDict):
    """A proof that was made. ``at`` is ISO 8601 in UTC."""

    at: str
    revision: int
    holds: bool
    faults: int
    switches: int
    entries: int
    took_ms: float


class Proofs(TypedDict):
    """The last proof of everything, and that of the last change."""

    whole: ProofRun | None
    change: ProofRun | None


class Status(TypedDict):
    """Where things stand; ``objects``: how many of each collection."""

    version: str
    revision: int
    started: bool
    ready: bool
    reason: str
    switches: SwitchCounts
    proof: Proofs
    objects: dict[str, int]


class Switch(TypedDict):
    """A declared switch; ``problem``: why it is not in sync."""

    name: str
    number: int
    role: str
    host: str | None
    connected: bool
    in_sync: bool
    revision: int | None
    entries: int
    problem: str | None


class Left(TypedDict):
    """Of something that can be used up."""

    total: int
    used: int
    free: int


class Subnets(Left):
    """The subnets of a VRF's pool."""

    pool: str


class HostLink(TypedDict):
    """A link of a host; rates in Mbit/s, ``reserved_mbps`` by class."""

    name: str
    up: bool
    rate_mbps: int
    reserved_mbps: dict[str, float]
    unreserved_mbps: float


class HostCapacity(TypedDict):
    """What a host has left."""

    host: str
    switch: str
    instances: Left
    ports: Left
    links: list[HostLink]


class VrfCapacity(TypedDict):
    """What a VRF has left."""

    vrf: str
    vlans: Left
    subnets: Subnets


class SegmentCapacity(TypedDict):
    """What a segment has left."""

    segment: str
    vrf: str
    vlan: int
    subnet: str
    addresses: Left
    reserved: int


class Capacity(TypedDict):
    """What is left to be had."""

    instances: Left
    hosts: list[HostCapacity]
    vrfs: list[VrfCapacity]
    segments: list[SegmentCapacity]


class Changes(TypedDict):
    """Names of objects, as ``collection/name``."""

    added: list[str]
    changed: list[str]
    removed: list[str]


class Counts(TypedDict):
    """Numbers of flow entries."""

    added: int
    changed: int
    removed: int


class SwitchChanges(Counts):
    """Entries of one switch: how many, by table, and each where they were asked for."""

    tables: dict[str, Counts]
    entries: NotRequired[dict[str, list[dict[str, str | None]]]]


Reach = TypedDict(
    "Reach",
    {
        "source": str,
        "destination": str,
        "tenants": dict[str, str],
        "allow": list[str],
        "rule": str,
        "class": str | None,
        "dscp": int | None,
    },
)
"""What a rule lets one service open to another. ``dscp``: None where any mark will do."""


ReachGroup = TypedDict(
    "ReachGroup",
    {
        "sources": list[str],
        "destinations": list[str],
        "allow": list[str],
        "rule": str,
        "class": str,
        "class_before": NotRequired[str],
        "dscp": int | None,
    },
)
"""The same of each service of ``sources`` to each of ``destinations``."""


class ReachGroups(TypedDict):
    """All pairs of one kind, in groups."""

    pairs: int
    groups: list[ReachGroup]


class ReachChanges(TypedDict):
    """Who gains, who loses, who is carried in another class."""

    gained: ReachGroups
    lost: ReachGroups
    changed: ReachGroups


class Change(TypedDict):
    """What follows from a change. ``pairs``: lines for people, of the first 1,000 pairs a kind."""

    objects: Changes
    flows: Counts
    switches: dict[str, SwitchChanges]
    reach: ReachChanges
    gained: list[dict[str, Any]]
    lost: list[dict[str, Any]]
    pairs: list[str]


class Plan(Change):
    """What a write would do. ``plan`` is its id, ``revision`` what it was made against."""

    plan: str
    revision: int
    dry_run: bool
    changed: bool


Difference = TypedDict(
    "Difference",
    {
        "from": int,
        "to": int,
        "fields": dict[str, dict[str, dict[str, Any]]],
        "objects": Changes,
        "flows": Counts,
        "switches": dict[str, SwitchChanges],
        "reach": ReachChanges,
        "gained": list[dict[str, Any]],
        "lost": list[dict[str, Any]],
        "pairs": list[str],
    },
)
"""What a revision has otherwise than another; ``fields`` by object and key."""


class Revision(TypedDict):
    """A revision without its content."""

    revision: int
    author: str
    message: str
    created_at: str
    changes: Changes


class RuleAt(TypedDict):
    """A rule, and where it was written down."""

    name: str
    file: str | None
    line: int | None


class Step(TypedDict):
    """An entry that a packet has met."""

    switch: str
    table: str
    shape: str
    purpose: str
    cookie: str
    subject: str | None
    rule: str | None


class Near(TypedDict):
    """A rule that almost allows it, and in what it differs."""

    rule: RuleAt
    differs: list[str]


class Walk(TypedDict):
    """The switches on a way and, between them, the links."""

    switches: list[str]
    links: list[str]


Explanation = TypedDict(
    "Explanation",
    {
        "from": str,
        "to": str,
        "protocol": str,
        "port": int,
        "dscp": int,
        "allowed": bool,
        "reason": str,
        "rule": RuleAt | None,
        "class": str | None,
        "queue": int | None,
        "path": Walk,
        "steps": list[Step],
        "needed": str | None,
        "nearest": list[Near],
        "judged": Literal["installed", "wanted"],
        "unread": list[str],
    },
)
"""Why a packet passes or not. ``queue``: None where it leaves its first switch by no link.

``unread``: switches on its way that were not read, of which is taken what they shall hold.
"""


class Mismatch(TypedDict):
    """An entry that is missing, differs, is too much, or is nobody's."""

    switch: str
    what: str
    entry: str


class Flows(TypedDict):
    """Entries compared with what they should be."""

    checked: int
    mismatches: list[Mismatch]


Witness = TypedDict(
    "Witness",
    {
        "kind": str,
        "what": str,
        "expected": str,
        "found": str,
        "from": NotRequired[str],
        "to": NotRequired[str],
        "protocol": NotRequired[int],
        "port": NotRequired[int],
        "dscp": NotRequired[int],
        "packet": NotRequired[str],
        "entry": NotRequired[str],
        "steps": NotRequired[list[Step]],
        "path": NotRequired[list[str]],
    },
)
"""Something that does not hold, with a packet that shows it."""


class Pairs(TypedDict):
    """The proof of all pairs of identities."""

    identities: int
    witnesses: list[Witness]


class Verification(TypedDict):
    """Whether what switches hold means what the intent does; ``unread``: who did not answer."""

    revision: int
    holds: bool
    unread: list[str]
    flows: Flows
    pairs: Pairs
