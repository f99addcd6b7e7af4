"""What switches hold, with how long each entry has been there and what it has counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labkit.site import Site

_DURATION: Final = re.compile(r"duration=([\d.]+)s, ")
_PACKETS: Final = re.compile(r"n_packets=(\d+), n_bytes=\d+, ")
_IDLE: Final = re.compile(r"(idle|hard)_age=\d+, ")


@dataclass(frozen=True, slots=True)
class Counted:
    """How long an entry has been there, in seconds, and how many packets it has taken."""

    duration_s: float
    packets: int


Held = Mapping[tuple[str, str], Counted]  # by switch and the entry's text without counters


def held(site: Site) -> Held:
    """Every entry of every switch."""
    found: dict[tuple[str, str], Counted] = {}
    for name in site.topology.switches:
        for line in site.ovs.ofctl("dump-flows", name).splitlines():
            duration, packets = _DURATION.search(line), _PACKETS.search(line)
            if duration and packets:
                text = _IDLE.sub("", _PACKETS.sub("", _DURATION.sub("", line))).strip()
                found[name, text] = Counted(float(duration[1]), int(packets[1]))
    return found


def rewritten(before: Held, after: Held, elapsed_s: float) -> list[str]:
    """Entries that came, went, or are younger than they must be if nobody wrote them anew.

    ``elapsed_s`` is at most the time between the two readings.
    """
    found = [f"gone from {name}: {text}" for name, text in before.keys() - after.keys()]
    found += [f"new on {name}: {text}" for name, text in after.keys() - before.keys()]
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        if new.duration_s < old.duration_s + elapsed_s - 0.01 or new.packets < old.packets:
            found.append(f"written anew on {key[0]}: {key[1]}")
    return found
