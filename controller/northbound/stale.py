"""A write against a revision that is no longer the newest, with what has changed meanwhile."""

from __future__ import annotations

from typing import Final

from controller.errors import Conflict
from controller.northbound.ports import Controller, RevisionInfo
from controller.northbound.views import Body

_MOST: Final = 100
"""How many revisions are told one by one."""


class Stale(Conflict):
    """``meanwhile``: the revisions since, newest first, each with who, when, why and what;
    ``left_out``: how many older ones there are besides.

    ``conditional``: the client named the revision itself.
    """

    def __init__(self, base: int, newest: int, meanwhile: list[Body], *, conditional: bool) -> None:
        super().__init__(
            f"made against revision {base}, but {newest} is the newest; see `meanwhile` for what "
            "has changed, read it again and repeat the change"
        )
        self.base = base
        self.newest = newest
        self.meanwhile = meanwhile
        self.left_out = max(0, newest - base - len(meanwhile))
        self.conditional = conditional


async def stale(controller: Controller, base: int, *, conditional: bool) -> Stale:
    """The error for a write that was made against ``base``."""
    newest = controller.revision()
    infos = await controller.revisions(max(1, min(_MOST, newest - base)))
    since = [revision_view(info) for info in infos if info.number > base]
    return Stale(base, newest, since, conditional=conditional)


def revision_view(info: RevisionInfo) -> Body:
    """A revision without its content: who, when, why, and the names of what changed."""
    return {
        "revision": info.number,
        "author": info.author,
        "message": info.message,
        "created_at": info.created_at,
        "changes": {kind: list(names) for kind, names in info.changes.items()},
    }
