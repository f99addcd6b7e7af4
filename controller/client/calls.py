"""The calls that placement tools make."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from controller.client.errors import Refused, Unreachable
from controller.client.streams import events_of
from controller.client.transport import Transport, name_in_path
from controller.client.values import Event, Outcome, Placed, Plug

Wait = Literal["applied", "stored"]
_PAGE: Final = 500
_AGAIN_S: Final = 0.5


class Bulkhead:
    """One controller. Every call raises Refused, and Unreachable once its tries have failed."""

    def __init__(self, server: str = "http://127.0.0.1:8080", **options: Any) -> None:
        """``options`` are those of :class:`Transport`: author, token, tries, verify."""
        self._transport = Transport(server, **options)

    def __enter__(self) -> Bulkhead:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def objects(self, collection: str, selector: str = "") -> Iterator[Mapping[str, Any]]:
        """The objects of a collection by name, all or those of a label selector."""
        path = f"/v1/{collection}"
        query: dict[str, Any] = {"selector": selector or None, "limit": _PAGE}
        while True:
            response = self._transport.response("GET", path, query=query)
            yield from response.json()
            if "next" not in response.links:
                return
            path, query = response.links["next"]["url"], {}

    def find(self, collection: str, name: str) -> Mapping[str, Any] | None:
        """One object, None where there is none."""
        try:
            found: Mapping[str, Any] = self.get(f"/v1/{collection}/{name_in_path(name)}")
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return found

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
        path = f"/v1/{collection}/{name_in_path(name)}"
        return Outcome.of(self._write("PUT", path, body, wait=wait, expected=expected))

    def delete(self, collection: str, name: str, *, wait: Wait = "applied") -> Outcome:
        """Delete an object."""
        path = f"/v1/{collection}/{name_in_path(name)}"
        return Outcome.of(self._write("DELETE", path, None, wait=wait))

    def put_instance(self, name: str, *, wait: Wait = "applied", **body: Any) -> Plug:
        """Make or replace an instance; what to plug in for it."""
        path = f"/v1/instances/{name_in_path(name)}"
        answer = self._write("PUT", path, body, wait=wait)
        # A controller that was restarted amid the call knows that it was done, and no more.
        return Plug.of(answer if "mac" in answer else self.get(path))

    def move_instance(self, name: str, host: str, *, wait: Wait = "applied") -> Outcome:
        """Move an instance to another host."""
        path = f"/v1/instances/{name_in_path(name)}/move"
        return Outcome.of(self._write("POST", path, {"host": host}, wait=wait))

    def move_tenant(self, name: str, *, wait: Wait = "applied", **to: Any) -> Outcome:
        """Move a tenant: ``segment``, or ``vrf`` and ``vlan``; with ``readdress``."""
        path = f"/v1/tenants/{name_in_path(name)}/move"
        return Outcome.of(self._write("POST", path, to, wait=wait))

    def place(
        self,
        items: Sequence[Mapping[str, Any]],
        *,
        atomic: bool = True,
        message: str = "",
        wait: Wait = "applied",
    ) -> Sequence[Placed]:
        """Place, move and remove many as one revision; what became of each item."""
        body = {"items": list(items), "atomic": atomic, "message": message}
        answer = self._write("POST", "/v1/placements", body, wait=wait)
        if "items" in answer:
            return [Placed.of(item) for item in answer["items"]]
        return [self._placed(item) for item in items]

    def capacity(self, host: str | None = None) -> Mapping[str, Any]:
        """What is left to be had."""
        found: Mapping[str, Any] = self.get("/v1/capacity", host=host)
        return found

    def status(self) -> Mapping[str, Any]:
        """Where things stand."""
        found: Mapping[str, Any] = self.get("/v1/status")
        return found

    def get(self, path: str, **query: Any) -> Any:
        """The answer to any other read, a path with its parameters."""
        return self._transport.send("GET", path, query=query)

    def events(self, since: int | None = None) -> Iterator[Event]:
        """What happens, since a revision or from now on; goes on where a connection broke off."""
        query: dict[str, Any] = {"since": self.status()["revision"] if since is None else since}
        while True:
            try:
                for event in events_of(self._transport.lines("/v1/events", query)):
                    yield event
                    query = {"after": event.id}
            except Unreachable:
                time.sleep(_AGAIN_S)

    def _placed(self, item: Mapping[str, Any]) -> Placed:
        """An item of a call that a controller before this one has carried out."""
        kind = "tenants" if "tenant" in item else "instances"
        shown = self.find(kind, item[kind[:-1]])
        answer = {kind[:-1]: item[kind[:-1]], "done": True}
        return Placed.of({**answer, "object": shown} if shown else answer)

    def _write(
        self,
        method: str,
        path: str,
        body: object,
        *,
        wait: Wait,
        expected: int | None = None,
    ) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._transport.send(
            method, path, body, query={"wait": wait}, expected=expected
        )
        return found
