"""The calls that change nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, Literal, overload

from controller.client import answers
from controller.client.errors import Refused, Unreachable
from controller.client.objects import (
    Instance,
    QosClass,
    Rule,
    Segment,
    Service,
    Tenant,
    Vrf,
)
from controller.client.streams import events_of
from controller.client.transport import Transport
from controller.client.values import Event
from controller.client.writes import name_in_path

Detail = Literal["counts", "flows"]
_PAGE: Final = 500
_AGAIN_S: Final = 0.5


class Reads:
    """What can be asked of a controller."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @overload
    def objects(self, collection: Literal["vrfs"], selector: str = "") -> Iterator[Vrf]: ...
    @overload
    def objects(self, collection: Literal["classes"], selector: str = "") -> Iterator[QosClass]: ...
    @overload
    def objects(self, collection: Literal["segments"], selector: str = "") -> Iterator[Segment]: ...
    @overload
    def objects(self, collection: Literal["tenants"], selector: str = "") -> Iterator[Tenant]: ...
    @overload
    def objects(self, collection: Literal["services"], selector: str = "") -> Iterator[Service]: ...
    @overload
    def objects(
        self, collection: Literal["instances"], selector: str = ""
    ) -> Iterator[Instance]: ...
    @overload
    def objects(self, collection: Literal["rules"], selector: str = "") -> Iterator[Rule]: ...
    @overload
    def objects(self, collection: str, selector: str = "") -> Iterator[Mapping[str, Any]]: ...

    def objects(self, collection: str, selector: str = "") -> Iterator[Any]:
        """The objects of a collection by name, all or those of a label selector."""
        return self._pages(f"/v1/{collection}", selector=selector or None, limit=_PAGE)

    def reachability(
        self,
        *,
        source: str | None = None,
        destination: str | None = None,
        tenant: str | None = None,
    ) -> Iterator[answers.Reach]:
        """Which services may open what to which: all, or those of a service or a tenant."""
        ends = {"from": source, "to": destination, "tenant": tenant}
        return self._pages("/v1/reachability", **ends, limit=_PAGE)

    def _pages(self, path: str, **query: Any) -> Iterator[Any]:
        """All items of a list that comes in pages, each page asked for when it is needed."""
        while True:
            response = self._transport.response("GET", path, query=query)
            yield from response.json()
            if "next" not in response.links:
                return
            path, query = response.links["next"]["url"], {}

    @overload
    def find(self, collection: Literal["vrfs"], name: str) -> Vrf | None: ...
    @overload
    def find(self, collection: Literal["classes"], name: str) -> QosClass | None: ...
    @overload
    def find(self, collection: Literal["segments"], name: str) -> Segment | None: ...
    @overload
    def find(self, collection: Literal["tenants"], name: str) -> Tenant | None: ...
    @overload
    def find(self, collection: Literal["services"], name: str) -> Service | None: ...
    @overload
    def find(self, collection: Literal["instances"], name: str) -> Instance | None: ...
    @overload
    def find(self, collection: Literal["rules"], name: str) -> Rule | None: ...
    @overload
    def find(self, collection: str, name: str) -> Mapping[str, Any] | None: ...

    def find(self, collection: str, name: str) -> Any:
        """One object, None where there is none."""
        try:
            return self.get(f"/v1/{collection}/{name_in_path(name)}")
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def capacity(self, host: str | None = None) -> answers.Capacity:
        """What is left to be had."""
        found: answers.Capacity = self.get("/v1/capacity", host=host)
        return found

    def status(self) -> answers.Status:
        """Where things stand."""
        found: answers.Status = self.get("/v1/status")
        return found

    def switches(self) -> list[answers.Switch]:
        """Every declared switch with its state."""
        found: list[answers.Switch] = self.get("/v1/switches")
        return found

    def explain(
        self,
        source: str,
        destination: str,
        *,
        protocol: str = "tcp",
        port: int = 0,
        dscp: int = 0,
    ) -> answers.Explanation:
        """Why a packet between two instances passes or not; ``dscp``: as its sender marks it."""
        packet = {"protocol": protocol, "port": port, "dscp": dscp}
        query = {"from": source, "to": destination, **packet}
        found: answers.Explanation = self.get("/v1/explain", **query)
        return found

    def verify(self) -> answers.Verification:
        """Read the switches back, and prove that they do what the intent means."""
        found: answers.Verification = self._transport.send("POST", "/v1/verify")
        return found

    def shown_plan(self, plan_id: str) -> answers.Plan:
        """A plan as it was shown."""
        found: answers.Plan = self.get(f"/v1/plans/{name_in_path(plan_id)}")
        return found

    def revisions(self, limit: int = 20) -> list[answers.Revision]:
        """The newest revisions, newest first."""
        pages = self._pages("/v1/revisions", limit=max(1, min(limit, _PAGE)))
        return list(islice(pages, max(0, limit)))

    def difference(self, one: int, other: int, *, detail: Detail = "counts") -> answers.Difference:
        """What the second of two revisions has otherwise than the first."""
        found: answers.Difference = self.get(f"/v1/revisions/{one}/diff/{other}", detail=detail)
        return found

    def get(self, path: str, **query: Any) -> Any:
        """The answer to any other read, a path with its parameters."""
        return self._transport.send("GET", path, query=query)

    def events(self, since: int | None = None) -> Iterator[Event]:
        """What happens, since a revision or from now on; goes on where a connection broke off."""
        query: dict[str, Any] = {"since": self.status()["revision"] if since is None else since}
        while True:
            try:
                for event in self.stream(**query):
                    yield event
                    query = {"after": event.id}
            except Unreachable:
                time.sleep(_AGAIN_S)

    def stream(self, **query: Any) -> Iterator[Event]:
        """Events ``since`` a revision or ``after`` one's id, until the connection ends.

        Raises Unreachable where it breaks off.
        """
        yield from events_of(self._transport.lines("/v1/events", query))
