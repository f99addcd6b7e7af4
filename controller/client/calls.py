"""The calls that placement tools make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from controller.client import answers, writes
from controller.client.reads import Detail, Reads
from controller.client.transport import Transport
from controller.client.values import Outcome, Placed, Plug
from controller.client.writes import Call

Wait = Literal["applied", "stored"]


class Bulkhead(Reads):
    """One controller. Every call raises Refused, and Unreachable once its tries have failed."""

    def __init__(self, server: str = "http://127.0.0.1:8080", **options: Any) -> None:
        """``options`` are those of :class:`Transport`: author, token, tries, verify."""
        super().__init__(Transport(server, **options))

    def __enter__(self) -> Bulkhead:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def plan(self, call: Call, *, detail: Detail = "counts") -> answers.Plan:
        """What a write would do; nothing is changed. ``flows``: with every flow entry."""
        method, path = call.method, call.path
        dry: str | None = "true"
        if call.plans:
            method, path, dry = "POST", call.plans, None
        query = {"detail": detail, "dry_run": dry}
        found: answers.Plan = self._transport.send(method, path, call.body, query=query)
        return found

    def write(
        self,
        call: Call,
        *,
        wait: Wait = "applied",
        timeout_s: float | None = None,
        message: str = "",
        expected: int | None = None,
    ) -> Outcome:
        """Make a write: once, however often it has to be sent.

        ``timeout_s``: how long to wait for switches, else as long as the controller is set to.
        ``message``: why, for the history. ``expected``: only if that revision is still the newest.
        """
        query = {"wait": wait, "timeout": timeout_s, "message": message or None}
        answer = self._transport.send(
            call.method, call.path, call.body, query=query, expected=expected
        )
        return Outcome.of(answer)

    def apply(
        self, body: Mapping[str, Any], *, wait: Wait = "applied", message: str = ""
    ) -> Outcome:
        """A document, ``{"document": ...}`` or ``{"changes": [...]}``, as one revision."""
        return self.write(writes.apply(body), wait=wait, message=message)

    def apply_plan(self, plan_id: str, *, wait: Wait = "applied", message: str = "") -> Outcome:
        """Exactly what a plan has shown; refused, a conflict, once the revision has moved on."""
        return self.write(writes.planned(plan_id), wait=wait, message=message)

    def put(
        self,
        collection: str,
        name: str,
        body: Mapping[str, Any],
        *,
        wait: Wait = "applied",
        expected: int | None = None,
    ) -> Outcome:
        """Make or replace an object. ``expected``: only if that revision is still the newest."""
        return self.write(writes.put(collection, name, body), wait=wait, expected=expected)

    def delete(self, collection: str, name: str, *, wait: Wait = "applied") -> Outcome:
        """Delete an object."""
        return self.write(writes.delete(collection, name), wait=wait)

    def put_instance(self, name: str, *, wait: Wait = "applied", **body: Any) -> Plug:
        """Make or replace an instance; what to plug in for it."""
        call = writes.put("instances", name, body)
        answer = self.write(call, wait=wait).answer
        # A controller that was restarted amid the call knows that it was done, and no more.
        return Plug.of(answer if "mac" in answer else self.get(call.path))

    def move_instance(self, name: str, host: str, *, wait: Wait = "applied") -> Outcome:
        """Move an instance to another host."""
        return self.write(writes.move_instance(name, host), wait=wait)

    def move_tenant(self, name: str, *, wait: Wait = "applied", **to: Any) -> Outcome:
        """Move a tenant: ``segment``, or ``vrf`` and ``vlan``; with ``readdress``."""
        return self.write(writes.move_tenant(name, **to), wait=wait)

    def place(
        self,
        items: Sequence[Mapping[str, Any]],
        *,
        atomic: bool = True,
        message: str = "",
        wait: Wait = "applied",
    ) -> Sequence[Placed]:
        """Place, move and remove many as one revision; what became of each item."""
        call = writes.place(items, atomic=atomic, message=message)
        answer = self.write(call, wait=wait).answer
        if "items" in answer:
            return [Placed.of(item) for item in answer["items"]]
        return [self._placed(item) for item in items]

    def _placed(self, item: Mapping[str, Any]) -> Placed:
        """An item of a call that a controller before this one has carried out."""
        kind = "tenants" if "tenant" in item else "instances"
        shown: Mapping[str, Any] | None = self.find(str(kind), item[kind[:-1]])
        answer = {kind[:-1]: item[kind[:-1]], "done": True}
        return Placed.of({**answer, "object": shown} if shown else answer)
