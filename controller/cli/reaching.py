"""Who gains, loses, or is carried otherwise, group by group, as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from controller.client.answers import Change, Difference, ReachGroup

GROUPS_MAX: Final = 20  # of each kind, so that none hides another; --json has them all
_ORDER: Final[tuple[Literal["lost", "gained", "changed"], ...]] = ("lost", "gained", "changed")
"""What hurts stands first."""
_NAMES_MAX: Final = 3  # of a group's services on one side
_PAIR: Final = re.compile(
    r"(?P<from>(?P<a>[^/ ]+)/(?P<b>\S+)) -> (?P<to>(?P<c>[^/ ]+)/(?P<d>\S+)) "
)


def reach(answer: Change | Difference) -> Iterator[str]:
    """The difference: how many pairs, then what is lost, gained, and carried otherwise."""
    kinds = answer["reach"]
    count = {word: kinds[word]["pairs"] for word in _ORDER}
    changed = f", {count['changed']} in another class" if count["changed"] else ""
    pairs = "pair" if count["gained"] == 1 else "pairs"
    yield f"{count['gained']} {pairs} gained, {count['lost']} lost{changed}"
    names = _full_names(answer["pairs"])
    for word in _ORDER:
        groups = kinds[word]["groups"]
        yield from (f"  {_group(group, word, names)}" for group in groups[:GROUPS_MAX])
        yield from _rest(groups[GROUPS_MAX:], word)


def _rest(groups: Sequence[ReachGroup], word: str) -> Iterator[str]:
    if groups:
        pairs = sum(map(_pairs, groups))
        what = "in another class" if word == "changed" else word
        yield f"  and {len(groups)} more groups {what}, {pairs} pairs (--json has all)"


def _group(group: ReachGroup, word: str, names: Mapping[str, str]) -> str:
    """``shop/web -> shop/api tcp/8080: gained (class realtime)``."""
    ends = (_side(side, names) for side in (group["sources"], group["destinations"]))
    marked = "" if group["dscp"] is None else f" marked DSCP {group['dscp']}"
    what = f"{' -> '.join(ends)} {', '.join(group['allow'])}{marked}"
    pairs = _pairs(group)
    many = f"{pairs} pairs" if pairs > 1 else ""
    if word == "changed":
        return f"{what}: class {group['class_before']} -> {group['class']}" + _brackets(many)
    return f"{what}: {word}" + _brackets(many, f"class {group['class']}")


def _brackets(*parts: str) -> str:
    said = ", ".join(filter(None, parts))
    return f" ({said})" if said else ""


def _pairs(group: ReachGroup) -> int:
    return len(group["sources"]) * len(group["destinations"])


def _side(services: Sequence[str], names: Mapping[str, str]) -> str:
    """Services with their tenants: all of a few, of many the first and how many more."""
    shown = ", ".join(names.get(name, name) for name in services[:_NAMES_MAX])
    more = len(services) - _NAMES_MAX
    return f"{shown} and {more} more" if more > 0 else shown


def _full_names(pairs: Sequence[str]) -> Mapping[str, str]:
    """Services as ``tenant/service``: groups name services alone, the lines of pairs both."""
    found: dict[str, str] = {}
    for line in pairs:
        if match := _PAIR.match(line):
            found |= {match["b"]: match["from"], match["d"]: match["to"]}
    return found
