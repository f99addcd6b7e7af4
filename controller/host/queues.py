"""Makes Open vSwitch's queues bite on the userspace datapath.

On AF_PACKET ports ``set_queue`` does not reach the HTB classes that Open vSwitch makes, so a u32
filter sends each class's DSCP to its queue: behind two VLAN tags the filter names the outer
protocol, while offsets count from the IP header. And each class but the first-served needs a short
leaf queue, or its backlog fills the packet socket's send buffer and urgent packets are lost before
they reach the scheduler. Measured in docs/queues.md.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

log = logging.getLogger(__name__)

LEAF_PACKETS: Final = 30
_ROOT: Final = 0x10000  # 1:0, the qdisc that Open vSwitch makes
_PROTOCOLS: Final = {0x0800: "ip", 0x88A8: "802.1ad"}
_PRIO_FIRST: Final = 10  # one tc priority for each (protocol, class), from here up
_LEAF_MAJOR: Final = 0x100
_JOIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class ClassQueue:
    """A class on a port: its DSCP, its queue, and whether it is served first."""

    dscp: int
    queue: int
    first: bool


class QueueKeeper:
    """Keeps filters and leaf queues on devices, also when Open vSwitch makes their HTB anew.

    Two threads: one hears of new queueing disciplines, one sets up what lacks something. They
    begin, and import pyroute2 (9 MB), once there is a device to keep: a lone host has none.
    """

    def __init__(self) -> None:
        self._wanted: Mapping[str, tuple[ClassQueue, ...]] = {}
        self._due = threading.Event()
        self._ending = False
        self._threads: tuple[threading.Thread, ...] = ()

    def want(self, wanted: Mapping[str, tuple[ClassQueue, ...]]) -> None:
        """Declare the classes of each device, by interface name."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._due.set()
            self._threads = self._threads or self._begin()

    def close(self) -> None:
        """Stop; what is set up stays."""
        self._ending = True
        self._due.set()
        for thread in self._threads[1:]:
            thread.join(_JOIN_S)

    def _begin(self) -> tuple[threading.Thread, ...]:
        threads = tuple(
            threading.Thread(target=work, name=f"queues {work.__name__}", daemon=True)
            for work in (self._listen, self._keep)
        )
        for thread in threads:
            thread.start()
        return threads

    def _listen(self) -> None:
        from pyroute2 import IPRoute  # see the class: not where there is nothing to keep
        from pyroute2.netlink.rtnl import RTMGRP_LINK, RTMGRP_TC

        with IPRoute() as netlink:
            netlink.bind(groups=RTMGRP_TC | RTMGRP_LINK)
            self._due.set()  # what was made before is not heard of, and the other may have looked
            while not self._ending:
                if any(map(_is_new_htb, netlink.get())):
                    self._due.set()

    def _keep(self) -> None:
        from pyroute2 import IPRoute, NetlinkError  # see the class

        with IPRoute() as netlink:
            while not self._ending:
                self._due.wait()
                self._due.clear()
                for device, classes in self._wanted.items():
                    try:
                        ensure(netlink, device, classes)
                    except NetlinkError as error:
                        log.warning("queues of %s: %s; tried at its next change", device, error)


def _is_new_htb(message: Any) -> bool:
    """A class of an HTB is made after its qdisc: both count."""
    made = message.get("event") in ("RTM_NEWQDISC", "RTM_NEWTCLASS")
    return bool(made and message.get_attr("TCA_KIND") == "htb")


def ensure(netlink: Any, device: str, classes: tuple[ClassQueue, ...]) -> bool:
    """Set up one device if it has Open vSwitch's HTB and lacks something; whether it changed."""
    index = next(iter(netlink.link_lookup(ifname=device)), None)
    if index is None or not _has_htb(netlink, index):
        return False
    queues = {c.queue: c for c in classes}
    there = {message["handle"] for message in netlink.get_classes(index)}
    ready = {queue for queue in queues if _class_handle(queue) in there}
    if ready != set(queues):
        return False  # Open vSwitch is still making them; it will be heard of
    changed = False
    leaves = {m["parent"] for m in netlink.get_qdiscs(index) if m.get_attr("TCA_KIND") == "pfifo"}
    for queue, spec in queues.items():
        if not spec.first and _class_handle(queue) not in leaves:
            _replace_leaf(netlink, index, queue)
            changed = True
    wanted = set(_filters(classes))
    present = {
        (m["info"] & 0xFFFF, m["info"] >> 16)
        for m in netlink.get_filters(index, parent=_ROOT)
        if m.get_attr("TCA_KIND") == "u32"
    }
    if {(_swap(protocol), prio) for protocol, prio, _, _ in wanted} - present:
        for filter_ in wanted:
            _replace_filter(netlink, index, filter_, present)
        changed = True
    return changed


def _class_handle(queue: int) -> int:
    return _ROOT | queue + 1


def _swap(protocol: int) -> int:
    return (protocol & 0xFF) << 8 | protocol >> 8


def _has_htb(netlink: Any, index: int) -> bool:
    qdiscs = netlink.get_qdiscs(index)
    return any(m["handle"] == _ROOT and m.get_attr("TCA_KIND") == "htb" for m in qdiscs)


def _replace_leaf(netlink: Any, index: int, queue: int) -> None:
    handle = (_LEAF_MAJOR + queue) << 16
    netlink.tc("replace", "pfifo", index, handle, parent=_class_handle(queue), limit=LEAF_PACKETS)


def _filters(classes: tuple[ClassQueue, ...]) -> Iterator[tuple[int, int, int, int]]:
    """(protocol, tc priority, DSCP, queue) of each filter: its place names its meaning."""
    for protocol_index, protocol in enumerate(_PROTOCOLS):
        for spec in sorted(classes, key=lambda c: c.dscp):
            if spec.queue:
                prio = _PRIO_FIRST + (spec.dscp << 1 | protocol_index) + 128 * spec.queue
                yield protocol, prio, spec.dscp, spec.queue


def _replace_filter(
    netlink: Any, index: int, filter_: tuple[int, int, int, int], present: set[tuple[int, int]]
) -> None:
    protocol, prio, dscp, queue = filter_
    if (_swap(protocol), prio) in present:
        return
    netlink.tc(
        "add-filter",
        "u32",
        index,
        parent=_ROOT,
        prio=prio,
        protocol=protocol,
        target=_class_handle(queue),
        keys=[f"0x{dscp << 2:02x}/0xfc+1"],
    )
