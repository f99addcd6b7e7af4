"""Requests to the controller; every failure becomes a readable end of the command."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, Final, TypeVar

import httpx

from controller.cli import history
from controller.cli.exits import Exit, Stop
from controller.client import Bulkhead, Refused, Unreachable
from controller.client.transport import ANSWER_S, trust
from controller.errors import Problem

TRIES: Final = 4  # all within a second: long enough for an engine that starts anew, and a person

_HINT = "is it running? name another with --server URL or BULKHEAD_SERVER"

Answer = TypeVar("Answer")
Locate = Callable[[Problem], Problem]
"""Adds the file and line of a problem, when they are known here."""


def unlocated(problem: Problem) -> Problem:
    """The problem as it is, where nothing is known of files."""
    return problem


class Client:
    """Speaks to one controller. A write is done once, however often it has to be sent."""

    def __init__(self, server: str, answer_s: float = ANSWER_S, tries: int = TRIES) -> None:
        self._server = server
        try:
            self._site = Bulkhead(
                server,
                author=_user(),
                token=os.environ.get("BULKHEAD_TOKEN", ""),
                tries=tries,
                verify=trust(os.environ),
                answer_s=answer_s,
            )
        except httpx.InvalidURL as error:
            raise Stop(Exit.INVALID, f"--server {server}: {error}") from None
        except OSError as error:
            raise Stop(Exit.INVALID, f"BULKHEAD_CA, BULKHEAD_CERT, BULKHEAD_KEY: {error}") from None

    def within(self, answer_s: float) -> Client:
        """A client of the same controller that asks once, and waits no longer than this."""
        return Client(self._server, answer_s, tries=1)

    def ask(self, call: Callable[[Bulkhead], Answer], locate: Locate = unlocated) -> Answer:
        """What a call of the typed client answers. Raises Stop."""
        try:
            return call(self._site)
        except Refused as error:
            code = Exit.CONFLICT if error.is_conflict else Exit.INVALID
            raise Stop(code, _message(error, locate)) from None
        except Unreachable as error:
            raise Stop(Exit.UNREACHABLE, f"{error}\n{_HINT}") from None
        except ValueError as error:
            raise Stop(Exit.UNREACHABLE, f"no controller answers there: {error}\n{_HINT}") from None

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a read that has no call of its own. Raises Stop."""
        return self.ask(lambda site: site.get(path, **query))

    def follow(self, after: int) -> Iterator[Any]:
        """Events after the one with this id, until the controller ends them. Raises Stop."""
        try:
            for event in self._site.stream(after=after):
                yield asdict(event)
        except (Refused, Unreachable) as error:
            raise Stop(Exit.UNREACHABLE, str(error)) from None


def _message(error: Refused, locate: Locate) -> str:
    """Every problem; or, where somebody else wrote in between, what has changed meanwhile."""
    if error.problems:
        return "\n".join(str(locate(problem)) for problem in error.problems)
    meanwhile = error.document.get("meanwhile", ())
    return "\n".join([str(error), *([history.log(meanwhile)] if meanwhile else [])])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown user"  # a container may run a user id without a name
