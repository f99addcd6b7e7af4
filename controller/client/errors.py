"""What a call may end with besides its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from controller.errors import BulkheadError, Problem


class ClientError(BulkheadError):
    """A call that was not answered with what was asked for."""


class Unreachable(ClientError):
    """No controller answered, or it failed, however often it was tried."""


class Refused(ClientError):
    """The controller refused; nothing was changed. ``document`` is RFC 9457's."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.document = document
        self.problems: Sequence[Problem] = tuple(
            Problem(item["path"], item["message"], item.get("file"), item.get("line"))
            for item in document.get("errors", ())
        )
        title, detail = document.get("title", ""), document.get("detail", "")
        super().__init__("\n".join(map(str, self.problems)) or f"{title}: {detail}")

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else wrote in between."""
        return self.status in (409, 412)
