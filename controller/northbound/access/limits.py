"""How much one client may ask: token buckets (RFC 2697 calls them so), one for each client."""

from __future__ import annotations

import contextlib
import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from controller.northbound.access.refusals import TooMany

_CLIENTS_MOST: Final = 10_000
_IPV6_NETWORK: Final = 64  # bits; the others are a machine's to choose (RFC 4291 section 2.5.1)


@lru_cache(_CLIENTS_MOST)
def network_of(source: str) -> str:
    """Whose addresses are one client's: an IPv4 address, or an IPv6 address's network."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv4Address):
        return source
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _IPV6_NETWORK), strict=False))


class Buckets:
    """A bucket for each client: it holds ``burst`` and fills by ``per_s``; ``clock`` in seconds.

    The clients that were not heard of longest are forgotten: their buckets are full again.
    """

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float]) -> None:
        self._per_s, self._burst, self._clock = per_s, burst, clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Take one out. Raises TooMany where there is none, with the time until there is."""
        held = self._now(client)
        if held < 1:
            raise self.too_many(held)
        self._keep(client, held - 1)

    def check(self, client: str) -> None:
        """Raises TooMany where nothing could be taken out."""
        held = self._now(client)
        if held < 1:
            raise self.too_many(held)

    def too_many(self, held: float) -> TooMany:
        """The error for a bucket that holds less than one."""
        wait_s = (1 - held) / self._per_s
        return TooMany(
            f"more than {self._per_s:g} a second in bursts of {self._burst:g}; come again in "
            f"{wait_s:.3f} s",
            wait_s,
        )

    def _now(self, client: str) -> float:
        held, at = self._held.get(client, (self._burst, self._clock()))
        return min(self._burst, held + (self._clock() - at) * self._per_s)

    def _keep(self, client: str, held: float) -> None:
        self._held[client] = held, self._clock()
        self._held.move_to_end(client)
        if len(self._held) > _CLIENTS_MOST:
            self._held.popitem(last=False)


class Places:
    """Of what goes on for long, so many at once for each client."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextlib.contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Hold one. Raises TooMany where the client has them all."""
        if self._taken[client] >= self._most:
            raise TooMany(f"there are {self._most} of these at once; end one first", 1.0)
        self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]
