"""What an operator of tenants reads of others when something is wrong: that there is something.

A change is validated against the whole network, so what is wrong with it may be an object of
another tenant's. VRFs, classes and segments are named, as are objects that the operator may see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from controller.errors import BulkheadError, Invalid, NotFound, Problem
from controller.model.network import Network
from controller.northbound.access.principals import Principal
from controller.northbound.views import Body

HIDDEN: Final = "(hidden)"
"""Stands for a name that is not shown."""

_COLLECTIONS: Final = {
    "tenant": "tenants",
    "service": "services",
    "instance": "instances",
    "rule": "rules",
}
_HOST: Final = "host"
_HINT: Final = re.compile(r" \(did you mean `([^`]*)`\?\)")
# A name's letters alone: what a client has written into a message may hold a quote, too.
_QUOTED: Final = re.compile(rf"(?:\b({'|'.join(_COLLECTIONS)}|{_HOST}) )?`([a-z0-9-]+)(?=`)")
_PATH: Final = re.compile(rf"\b({'|'.join(_COLLECTIONS.values())})([.\[])([a-z0-9-]+)")
_AGAIN: Final = re.compile(r"(\b[^, ]*\(hidden\)[^, ;]*)(?:, \1)+")

E = TypeVar("E", bound=BulkheadError)


@dataclass(frozen=True, slots=True)
class Discretion:
    """Takes names out of what a principal is told; of a principal without limits, none."""

    principal: Principal
    network: Network

    def of_error(self, error: E) -> E | Invalid | NotFound:
        """An error as the principal may read it."""
        if self.principal.tenants is None:
            return error
        match error:
            case Invalid():
                return Invalid(tuple(dict.fromkeys(map(self._problem, error.problems))))
            case NotFound():
                return NotFound(self.text(str(error)))
            case _:
                return error

    def of_results(self, items: list[Body]) -> list[Body]:
        """What became of each item of a placement, as the principal may read it."""
        if self.principal.tenants is None:
            return items
        return [self._result(item) for item in items]

    def of_revisions(self, views: Iterable[Body]) -> list[Body]:
        """Revisions that came in between: of others' nothing is told but that they did."""
        if self.principal.tenants is None:
            return list(views)
        return [self._revision(view) for view in views]

    def text(self, text: str) -> str:
        """A message without the names."""
        text = _HINT.sub(lambda found: "" if self._hides(found[1]) else found[0], text)
        text = _QUOTED.sub(self._quoted, text)
        text = _PATH.sub(self._path, text)
        return _AGAIN.sub(r"\1", text)

    def _problem(self, problem: Problem) -> Problem:
        path = _PATH.sub(self._path, problem.path)
        known = path == problem.path
        return Problem(
            path,
            self.text(problem.message),
            problem.file if known else None,
            problem.line if known else None,
        )

    def _result(self, item: Body) -> Body:
        if "errors" not in item:
            return item
        errors = [{**error, "message": self.text(error["message"])} for error in item["errors"]]
        return {**item, "errors": errors}

    def _revision(self, view: Body) -> Body:
        changes = {
            kind: [key for key in keys if self._sees(*key.partition("/")[::2])]
            for kind, keys in view["changes"].items()
        }
        if view["author"] == self.principal.name:
            return {**view, "changes": changes}
        return {**view, "author": HIDDEN, "message": HIDDEN, "changes": changes}

    def _sees(self, collection: str, name: str) -> bool:
        """Whether there is such an object and the principal sees it."""
        intent = self.network.intent
        return name in getattr(intent, collection) and self.principal.sees(intent, collection, name)

    def _quoted(self, found: re.Match[str]) -> str:
        kind, name = found[1], found[2]
        if not self._hides(name, kind):
            return found[0]
        return f"{kind} `{HIDDEN}" if kind else f"`{HIDDEN}"

    def _path(self, found: re.Match[str]) -> str:
        collection, mark, name = found[1], found[2], found[3]
        return f"{collection}{mark}{HIDDEN}" if self._of_others(collection, name) else found[0]

    def _hides(self, name: str, kind: str | None = None) -> bool:
        """Whether a name, of one kind or of any, is others'."""
        if kind in _COLLECTIONS:
            return self._of_others(_COLLECTIONS[kind], name)
        if kind is None and any(self._of_others(c, name) for c in _COLLECTIONS.values()):
            return True
        return self._is_hidden_host(name)

    def _of_others(self, collection: str, name: str) -> bool:
        exists = name in getattr(self.network.intent, collection)
        return exists and not self._sees(collection, name)

    def _is_hidden_host(self, name: str) -> bool:
        """A host on which the principal has nothing."""
        if self.network.topology.edge_of(name) is None:
            return False
        instances = self.network.intent.instances.values()
        return not any(i.host == name and self._sees("instances", i.name) for i in instances)
