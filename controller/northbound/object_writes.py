"""Writes of one object as REST answers them, for its routes and for who answers before these."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from controller.northbound.answers import made, written
from controller.northbound.headers import options_of
from controller.northbound.operations import Operations
from controller.northbound.parameters import WriteQuery
from controller.northbound.receiving import object_of


class ObjectWrites:
    """A request and its checked parameters in, the answer out. Each raises BulkheadError."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._moves = {
            "instances": operations.move_instance,
            "tenants": operations.move_tenant,
        }

    async def put(
        self, request: Request, collection: str, name: str, query: WriteQuery
    ) -> Response:
        """Make or replace an object: 201 where it is new."""
        tree = await object_of(request)
        options = options_of(request, query)
        shown = await self._operations.put(collection, name, tree, options)
        if shown["created"] and not query.dry_run:
            return made(request, shown, shown["revision"])
        return written(shown)

    async def delete(
        self, request: Request, collection: str, name: str, query: WriteQuery
    ) -> Response:
        """Delete an object."""
        options = options_of(request, query)
        return written(await self._operations.delete(collection, name, options))

    def moves(self, collection: str) -> bool:
        """Whether objects of a collection can be moved."""
        return collection in self._moves

    async def move(
        self, request: Request, collection: str, name: str, query: WriteQuery
    ) -> Response:
        """Move an instance to another host, or a tenant to another VLAN or VRF."""
        tree = await object_of(request)
        return written(await self._moves[collection](name, tree, options_of(request, query)))
