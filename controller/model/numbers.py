"""Small numbers for keys, that depend on the set of keys alone and rarely change with it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def stable_numbers(keys: Iterable[str], bits: int) -> dict[str, int]:
    """A distinct number in 1..2**bits-1 for every key.

    A key's number is cut from its hash; keys that collide are settled in sorted order, the later
    ones by hashing again. So a new key changes another's number only when it collides with it and
    sorts before it. Raises ValueError when there are more keys than numbers.
    """
    wanted = sorted(set(keys))
    if len(wanted) > (1 << bits) - 1:
        raise ValueError(f"{len(wanted)} keys do not fit {bits} bits; at most {(1 << bits) - 1}")
    owners: dict[int, str] = {}
    pending = [(key, 0) for key in wanted]
    while pending:
        # Round by round, so that a key's first choice is never taken by another's second choice.
        refused = []
        for key, salt in pending:
            number = _hashed(key, salt, bits)
            if number == 0 or owners.setdefault(number, key) != key:
                refused.append((key, salt + 1))
        pending = refused
    return {key: number for number, key in sorted(owners.items(), key=lambda item: item[1])}


def _hashed(key: str, salt: int, bits: int) -> int:
    digest = sha256(f"{salt}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - bits)
