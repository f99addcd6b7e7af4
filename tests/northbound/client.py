"""Speaks to the REST application without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from controller.northbound.rest import create_app
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController


class Client:
    """A synchronous client of the application over a fake engine."""

    def __init__(self, controller: FakeController) -> None:
        self.controller = controller
        self._app = create_app(UseCases.of(controller))

    def __call__(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        return asyncio.run(self.send(method, path, **kwargs))

    async def send(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """A request, where a loop runs already."""
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        """The JSON of a successful GET."""
        response = self("GET", path, **kwargs)
        assert response.status_code == 200, response.text
        return response.json()
