"""A mapping from which another is made at the cost of what differs, not of a copy of all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

BUCKETS: Final = 256
"""With 10,000 keys one has some 40: to change a key costs a copy of those, and of who has them."""


@dataclass(frozen=True, slots=True)
class Spread(Generic[K, V]):
    """Values by key, in buckets; those made from one another share all that they have alike."""

    buckets: tuple[Mapping[K, V], ...]

    @staticmethod
    def of(items: Mapping[K, V]) -> Spread[K, V]:
        """The same of any mapping."""
        found: list[dict[K, V]] = [{} for _ in range(BUCKETS)]
        for key, value in items.items():
            found[hash(key) % BUCKETS][key] = value
        return Spread(tuple(found))

    def __contains__(self, key: object) -> bool:
        return key in self.buckets[hash(key) % BUCKETS]

    def get(self, key: K) -> V | None:
        """The value of a key, None where there is none."""
        return self.buckets[hash(key) % BUCKETS].get(key)

    def changed(self, gone: Iterable[K], put: Mapping[K, V]) -> Spread[K, V]:
        """Without some keys, then with others. Raises KeyError for one that is not there to go."""
        touched: dict[int, dict[K, V]] = {}
        for key in gone:
            del self._own(touched, key)[key]
        for key, value in put.items():
            self._own(touched, key)[key] = value
        buckets = list(self.buckets)
        for number, bucket in touched.items():
            buckets[number] = bucket
        return Spread(tuple(buckets))

    def _own(self, touched: dict[int, dict[K, V]], key: K) -> dict[K, V]:
        number = hash(key) % BUCKETS
        if number not in touched:
            touched[number] = dict(self.buckets[number])
        return touched[number]
