"""Lists in pages: so many objects behind a name.

A cursor names the last object of the page before, so pages stay right while objects come and go:
nothing that was there all the time is shown twice or left out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from controller.errors import Problem
from controller.northbound.bodies import BadParameters
from controller.northbound.selecting import Selection
from controller.northbound.texts import shown
from controller.northbound.views import Body

MOST: Final = 10_000
"""Objects on a page at most; without a limit a list is whole."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which objects of a list: of a selection, behind a name, so many; None: all there are."""

    selection: Selection = ()
    after: str = ""
    limit: int | None = None


ALL: Final = Wish()


@dataclass(frozen=True, slots=True)
class Page:
    """Objects of a list. ``last`` is the last one's name where more follow."""

    items: list[Body]
    last: str | None


def cut_out(names: Iterable[str], wish: Wish) -> tuple[list[str], bool]:
    """The names that are wished for, of all in order; and whether more follow."""
    behind = (name for name in names if name > wish.after) if wish.after else iter(names)
    if wish.limit is None:
        return list(behind), False
    chosen = list(islice(behind, wish.limit + 1))
    return chosen[: wish.limit], len(chosen) > wish.limit


def cursor_of(name: str) -> str:
    """The cursor of the page behind a name, to be sent back as it is."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def name_of(cursor: str) -> str:
    """The name that a cursor stands for, "" for none. Raises BadParameters."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise BadParameters((Problem("cursor", wrong_cursor(cursor)),)) from None


def wrong_cursor(cursor: str) -> str:
    """What to say of a text that is no cursor."""
    return f"expected a cursor as a page's Link header gives it, found {shown(cursor)}"
