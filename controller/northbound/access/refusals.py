"""Requests that are refused for who makes them, whatever they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.errors import BulkheadError

if TYPE_CHECKING:
    from controller.northbound.access.principals import Principal


class Refusal(BulkheadError):
    """A request is not carried out. ``retry_after_s``: when it may come again, 0 if never.

    ``principal``: who asked, None where that is not known.
    """

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.principal: Principal | None = None


class Unauthenticated(Refusal):
    """No credentials, or none that are known."""


class Forbidden(Refusal):
    """Known credentials whose role does not reach so far."""


class TooMany(Refusal):
    """More requests, or more wrong tokens, than one client may send."""
