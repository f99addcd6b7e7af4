"""Identities of services and their numbers, followed from one intent to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controller.dataplane.registers import IDENTITY_BITS
from controller.model.counts import recounted
from controller.model.differences import different
from controller.model.identity import IdentityKey
from controller.model.numbers import stable_numbers


@dataclass(frozen=True)
class Numbering:
    """Each service's identity, how many services are of each identity, and its number."""

    keys: Mapping[str, IdentityKey]
    services: Mapping[IdentityKey, int]
    numbers: Mapping[IdentityKey, int]

    @staticmethod
    def of(keys: Mapping[str, IdentityKey]) -> Numbering:
        """The numbers of services' identities."""
        services = Counter(keys.values())
        return Numbering(keys, services, identity_numbers(services))

    def after(self, keys: Mapping[str, IdentityKey]) -> Numbering:
        """Those of other services' identities; the same numbers where these are the same."""
        names, old = different(self.keys, keys), self.keys
        gone = [old[name] for name in names if name in old]
        come = [keys[name] for name in names if name in keys]
        services = recounted(self.services, gone, come)
        stays = all((key in services) == (key in self.services) for key in {*gone, *come})
        return Numbering(keys, services, self.numbers if stays else identity_numbers(services))


def identity_numbers(keys: Iterable[IdentityKey]) -> Mapping[IdentityKey, int]:
    """A number for every identity."""
    texts = {key: repr(key) for key in keys}
    numbers = stable_numbers(texts.values(), IDENTITY_BITS)
    return {key: numbers[text] for key, text in texts.items()}
