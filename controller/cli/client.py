"""Requests to the controller; every failure becomes a readable end of the command."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import httpx

from controller.cli.exits import Exit, Stop
from controller.errors import Problem

WRITE_TIMEOUT_S: Final = 620.0  # longer than the longest `timeout` that a write may ask for
_EXITS: Final = {409: Exit.CONFLICT, 412: Exit.CONFLICT}

Locate = Callable[[Problem], Problem]
"""Adds the file and line of a problem, when they are known here."""


def unlocated(problem: Problem) -> Problem:
    """The problem as it is, where nothing is known of files."""
    return problem


class Client:
    """Speaks to one controller."""

    def __init__(self, server: str, answer_s: float = WRITE_TIMEOUT_S) -> None:
        self._server = server.rstrip("/")
        self._answer_s = answer_s

    def within(self, answer_s: float) -> Client:
        """A client of the same controller that waits no longer than this for an answer."""
        return Client(self._server, answer_s)

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET."""
        return self.send("GET", path, query=query)

    def follow(self, path: str, **query: Any) -> Iterator[Any]:
        """Server-sent events as they come, until the controller ends them. Raises Stop."""
        url = f"{self._server}{path}"
        timeout = httpx.Timeout(60.0, connect=5.0)  # a heartbeat comes every 15 s
        try:
            with httpx.stream("GET", url, params=query, timeout=timeout, trust_env=False) as found:
                yield from _events(found.iter_lines())
        except httpx.HTTPError as error:
            raise Stop(Exit.UNREACHABLE, f"{self._server} answers no more: {error}") from None

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
        headers = {"Bulkhead-Author": _user()}
        if expected is not None:
            headers["If-Match"] = f'"{expected}"'
        given = {key: value for key, value in (query or {}).items() if value is not None}
        try:
            response = httpx.request(
                method,
                f"{self._server}{path}",
                params=given,
                json=body,
                headers=headers,
                timeout=httpx.Timeout(self._answer_s, connect=min(5.0, self._answer_s)),
                trust_env=False,  # a proxy for the web is none for the controller
            )
            return _content(response, locate)
        except httpx.InvalidURL as error:
            raise Stop(Exit.INVALID, f"--server {self._server}: {error}") from None
        except (httpx.HTTPError, ValueError) as error:
            raise Stop(
                Exit.UNREACHABLE,
                f"no controller answers at {self._server}: {error}\n"
                "is it running? name another with --server URL or BULKHEAD_SERVER",
            ) from None


def _content(response: httpx.Response, locate: Locate) -> Any:
    content = response.json()
    if response.is_success:
        return content
    if not isinstance(content, Mapping) or "title" not in content:
        raise Stop(Exit.UNREACHABLE, f"HTTP {response.status_code}: {response.text[:500]}")
    default = Exit.UNREACHABLE if response.status_code >= 500 else Exit.INVALID
    raise Stop(_EXITS.get(response.status_code, default), _message(content, locate))


def _message(content: Mapping[str, Any], locate: Locate) -> str:
    problems = [
        Problem(item["path"], item["message"], item.get("file"), item.get("line"))
        for item in content.get("errors", ())
    ]
    if not problems:
        meanwhile = [
            f"  revision {item['revision']}  {item['created_at']}  {item['author']}: "
            f"{item['message']}"
            for item in content.get("meanwhile", ())
        ]
        return "\n".join([f"{content['title']}: {content.get('detail', '')}", *meanwhile])
    return "\n".join(str(locate(problem)) for problem in problems)


def _events(lines: Iterable[str]) -> Iterator[Any]:
    """The events of a stream (server-sent events: `id`, `event` and `data` lines)."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif "data" in fields:
            data = json.loads(fields["data"])
            at = data.pop("at")
            yield {"id": int(fields["id"]), "at": at, "kind": fields["event"], "data": data}
            fields = {}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown user"  # a container may run a user id without a name
