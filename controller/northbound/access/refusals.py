"""Requests that are refused for who makes them, whatever they ask."""

from __future__ import annotations

from controller.errors import BulkheadError


class Refusal(BulkheadError):
    """A request is not carried out. ``retry_after_s``: when it may come again, 0 if never."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unauthenticated(Refusal):
    """No credentials, or none that are known."""


class Forbidden(Refusal):
    """Known credentials whose role does not reach so far."""


class TooMany(Refusal):
    """More requests, or more wrong tokens, than one client may send."""
