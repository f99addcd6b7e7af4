"""Tokens and client certificates that are known, in one JSON file that only hashes are kept in.

A token is 256 random bits, so a plain SHA-256 of it cannot be searched for; the slow hashes that
passwords need would only cost every request (NIST SP 800-63B section 5.1.2, look-up secrets).
Its first 48 bits are its id, which the file has too: who guesses has to say whose token is meant,
and 208 bits are left to be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from controller.errors import Conflict, Invalid, NotFound, Problem
from controller.model.fields import describe
from controller.northbound.access.principals import Principal, Role

PREFIX: Final = "bulkhead_"
"""What every token begins with, so that scanners for leaked secrets know one."""

_ID_LENGTH: Final = 8  # characters of 6 bits
_KEYS: Final = frozenset({"name", "role", "tenants", "id", "sha256", "certificate", "created_at"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One principal, known by the hash of a token or by the name in a client's certificate.

    ``id`` is that of the token; "" for a certificate, and for a token from before there were ids.
    """

    principal: Principal
    id: str
    sha256: str
    certificate: str
    created_at: str


def digest(token: str) -> str:
    """What of a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def id_of(token: str) -> str:
    """Which token this is, or says it is. No secret."""
    return token.removeprefix(PREFIX)[:_ID_LENGTH]


class TokenFile:
    """The file; read again when it has changed, so that what is removed is refused at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], tuple[Entry, ...]] | None = None

    def entries(self) -> Sequence[Entry]:
        """All of them, none while there is no file. Raises Invalid."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return ()
        mark = status.st_mtime_ns, status.st_ino
        if self._read is None or self._read[0] != mark:
            self._read = mark, _decode(self._path, self._path.read_text())
        return self._read[1]

    def by_token(self, token: str) -> Principal | None:
        """Whose token this is. All are compared, in constant time each."""
        wanted = digest(token)
        found = [e for e in self.entries() if e.sha256 and hmac.compare_digest(e.sha256, wanted)]
        return found[0].principal if found else None

    def has_id(self, token_id: str) -> bool:
        """Whether there is a token with this id."""
        return any(entry.id == token_id for entry in self.entries() if entry.id)

    def by_certificate(self, name: str) -> Principal | None:
        """Whose certificate has this common name."""
        found = [e for e in self.entries() if e.certificate and e.certificate == name]
        return found[0].principal if found else None

    def add(self, principal: Principal, certificate: str = "") -> str:
        """Add somebody; their token, shown this once, "" for a certificate. Raises Conflict."""
        entries = self.entries()
        if any(entry.principal.name == principal.name for entry in entries):
            raise Conflict(f"there is a `{principal.name}` already; remove it first")
        token = "" if certificate else PREFIX + secrets.token_urlsafe(32)
        made = Entry(
            principal,
            id_of(token),
            digest(token) if token else "",
            certificate,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._write([*entries, made])
        return token

    def remove(self, name: str) -> None:
        """Remove somebody. Raises NotFound."""
        entries = self.entries()
        kept = [entry for entry in entries if entry.principal.name != name]
        if len(kept) == len(entries):
            raise NotFound(f"there is no `{name}` in {self._path}")
        self._write(kept)

    def _write(self, entries: Sequence[Entry]) -> None:
        """The whole file at once, for its owner alone: a reader sees the old or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"principals": [_encode(entry) for entry in entries]}, indent=2)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".tokens-")
        with os.fdopen(handle, "w") as file:  # mkstemp's mode is 0600
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._path)


def _encode(entry: Entry) -> dict[str, Any]:
    principal = entry.principal
    found: dict[str, Any] = {"name": principal.name, "role": str(principal.role)}
    if principal.tenants is not None:
        found["tenants"] = sorted(principal.tenants)
    if entry.id:
        found["id"] = entry.id
    key = "certificate" if entry.certificate else "sha256"
    return {**found, key: entry.certificate or entry.sha256, "created_at": entry.created_at}


def _decode(path: Path, text: str) -> tuple[Entry, ...]:
    """Raises Invalid with every problem."""
    try:
        items = json.loads(text)["principals"]
        found = [_entry(item) for item in items]
    except (ValueError, KeyError, TypeError) as error:
        message = f'expected {{"principals": [...]}} as `bulkhead token` writes it: {error}'
        raise Invalid((Problem("tokens", message, str(path)),)) from None
    problems = [
        Problem(f"principals[{index}]", item, str(path))
        for index, item in enumerate(found)
        if isinstance(item, str)
    ]
    if problems:
        raise Invalid(tuple(problems))
    return tuple(item for item in found if isinstance(item, Entry))


def _entry(item: Mapping[str, Any]) -> Entry | str:
    """An entry, or what is wrong with it."""
    if not isinstance(item, Mapping):
        return f"expected an object, found {describe(item)}"
    strangers = sorted(set(item) - _KEYS)
    if strangers:
        return f"unknown key `{strangers[0]}`"
    if item.get("role") not in tuple(Role):
        return f"expected role viewer, operator or admin, found {describe(item.get('role'))}"
    tenants = item.get("tenants")
    if tenants is not None and item["role"] != Role.OPERATOR:
        return f"only an operator is of tenants, found them at a {item['role']}"
    principal = Principal(
        str(item["name"]), Role(item["role"]), None if tenants is None else frozenset(tenants)
    )
    return Entry(
        principal,
        str(item.get("id", "")),
        str(item.get("sha256", "")),
        str(item.get("certificate", "")),
        str(item.get("created_at", "")),
    )
