"""Requests to the controller; every failure becomes a readable end of the command."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import httpx

from controller.cli.exits import Exit, Stop
from controller.client import Refused, Transport, Unreachable
from controller.client.streams import events_of
from controller.client.transport import ANSWER_S, trust
from controller.errors import Problem

_HINT = "is it running? name another with --server URL or BULKHEAD_SERVER"

Locate = Callable[[Problem], Problem]
"""Adds the file and line of a problem, when they are known here."""


def unlocated(problem: Problem) -> Problem:
    """The problem as it is, where nothing is known of files."""
    return problem


class Client:
    """Speaks to one controller. A person waits, so nothing is tried twice."""

    def __init__(self, server: str, answer_s: float = ANSWER_S) -> None:
        self._server = server
        try:
            self._transport = Transport(
                server,
                author=_user(),
                token=os.environ.get("BULKHEAD_TOKEN", ""),
                tries=1,
                verify=trust(os.environ),
                answer_s=answer_s,
            )
        except httpx.InvalidURL as error:
            raise Stop(Exit.INVALID, f"--server {server}: {error}") from None
        except OSError as error:
            raise Stop(Exit.INVALID, f"BULKHEAD_CA, BULKHEAD_CERT, BULKHEAD_KEY: {error}") from None

    def within(self, answer_s: float) -> Client:
        """A client of the same controller that waits no longer than this for an answer."""
        return Client(self._server, answer_s)

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET."""
        return self.send("GET", path, query=query)

    def follow(self, path: str, **query: Any) -> Iterator[Any]:
        """Server-sent events as they come, until the controller ends them. Raises Stop."""
        try:
            for event in events_of(self._transport.lines(path, query)):
                yield asdict(event)
        except (Refused, Unreachable) as error:
            raise Stop(Exit.UNREACHABLE, str(error)) from None

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        expected: int | None = None,
        locate: Locate = unlocated,
    ) -> Any:
        """The answer's JSON. Raises Stop."""
        try:
            return self._transport.send(method, path, body, query=query, expected=expected)
        except Refused as error:
            code = Exit.CONFLICT if error.is_conflict else Exit.INVALID
            raise Stop(code, _message(error, locate)) from None
        except Unreachable as error:
            raise Stop(Exit.UNREACHABLE, f"{error}\n{_HINT}") from None
        except ValueError as error:
            raise Stop(Exit.UNREACHABLE, f"no controller answers there: {error}\n{_HINT}") from None


def _message(error: Refused, locate: Locate) -> str:
    if error.problems:
        return "\n".join(str(locate(problem)) for problem in error.problems)
    meanwhile = [
        f"  revision {item['revision']}  {item['created_at']}  {item['author']}: {item['message']}"
        for item in error.document.get("meanwhile", ())
    ]
    return "\n".join([str(error), *meanwhile])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown user"  # a container may run a user id without a name
