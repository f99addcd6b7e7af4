"""What has happened, counted, and where things stand, as Prometheus reads it.

Everything is called from the engine's loop and takes microseconds: counting never waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from controller.errors import (
    BulkheadError,
    Conflict,
    Invalid,
    NotFound,
    RemoteError,
    UnknownOutcome,
)
from controller.telemetry.sources import Site
from controller.telemetry.standing import Standing

# When each series began is a series more for each, which nobody reads.
disable_created_metrics()  # type: ignore[no-untyped-call]

OUTCOMES: Final = (
    *("applied", "stored", "unchanged"),
    *("invalid", "conflict", "refused", "unknown", "failed"),
)
"""What became of a write: confirmed, durable, no change; and why it was none."""

STATUS_CLASSES: Final = ("2xx", "3xx", "4xx", "5xx")
_COMMIT_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_APPLY_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """Counts, and tells."""

    def __init__(self, site: Site) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self._registry)
        self._registry.register(Standing(site))
        writes = self._counter("writes", "Writes, by what became of them", "outcome")
        self._commit = self._histogram(
            "commit_seconds", "From when a write came until it was durable", _COMMIT_S
        )
        self._apply = self._histogram(
            "apply_seconds",
            "From when a write came until all switches had confirmed it, of those that waited",
            _APPLY_S,
        )
        self._events = self._counter("events", "What has happened, by kind", "kind")
        self._drift = self._counter("drift", "Drift that was found and repaired", "switch")
        self._denied = self._counter(
            "denied_packets", "Denied packets that switches have handed up", "switch"
        )
        self._compiled = self._counter(
            "compiled_items", "Items compiled, by part of a program and how", "node", "how"
        )
        requests = self._counter("http_requests", "REST requests answered", "status")
        # Each is there from the start, and found at once where it is counted.
        self._outcomes = {outcome: writes.labels(outcome) for outcome in OUTCOMES}
        self._requests = {int(name[0]): requests.labels(name) for name in STATUS_CLASSES}

    # Writes, as controller.needs.Meter has them.

    def write_stored(self, took_s: float) -> None:
        """A write is durable."""
        self._commit.observe(took_s)

    def write_done(self, *, changed: bool, applied_s: float | None) -> None:
        """A write is answered; ``applied_s`` where it was seen to be confirmed."""
        if applied_s is not None and changed:
            self._apply.observe(applied_s)
        outcome = "unchanged" if not changed else "stored" if applied_s is None else "applied"
        self._outcomes[outcome].inc()

    def write_refused(self, error: Exception) -> None:
        """A write has come to nothing."""
        self._outcomes[_outcome(error)].inc()

    # What others tell.

    def happened(self, kind: str, data: Mapping[str, Any]) -> None:
        """Something was put down in the journal."""
        self._events.labels(kind).inc()
        if kind == "drift":
            self._drift.labels(data["switch"]).inc()

    def denied(self, switch: str) -> None:
        """A switch has handed up a packet that it denied."""
        self._denied.labels(switch).inc()

    def compiled(self, work: Mapping[str, int]) -> None:
        """A network was compiled, with this work (:class:`controller.compile.Compilation`)."""
        for name, count in work.items():
            node, _, how = name.rpartition(" ")
            self._compiled.labels(node, how).inc(count)

    def answered(self, status: int) -> None:
        """A request over REST was answered with an HTTP status, from 200 to 599."""
        self._requests[status // 100].inc()

    def exposition(self) -> tuple[bytes, str]:
        """Everything as Prometheus reads it, and the media type of that."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"bulkhead_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"bulkhead_{name}", text, buckets=buckets, registry=self._registry)


def _outcome(error: Exception) -> str:
    match error:
        case Invalid() | NotFound():
            return "invalid"
        case Conflict():
            return "conflict"
        case UnknownOutcome() | RemoteError():
            return "unknown"
        case BulkheadError():
            return "refused"
        case _:
            return "failed"
