"""What settings say of who may reach the northbound, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from controller.northbound.access.audit import AuditLog
from controller.northbound.access.gate import Gate, Limits
from controller.northbound.access.tokens import TokenFile
from controller.settings import Settings

_AUDIT_FILE = "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM. ``client_ca``: who signs certificates of clients, None where none are asked.

    ``over_grpc``: there, too, where whoever has none cannot connect then.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    over_grpc: bool = False


def gate_of(settings: Settings) -> Gate:
    """The gate that settings describe. Raises Invalid for a damaged file of tokens."""
    tokens = TokenFile(Path(settings.tokens_file)) if settings.tokens_file else None
    if tokens is not None:
        tokens.entries()
    limits = Limits(settings.requests_per_s, settings.requests_burst)
    return Gate(tokens, AuditLog(_audit_file(settings)), limits)


def tls_of(settings: Settings) -> Tls | None:
    """Certificate and key to serve with, None for plain text."""
    if not settings.tls_cert:
        return None
    client_ca = Path(settings.tls_client_ca) if settings.tls_client_ca else None
    over_grpc = settings.grpc_certificates == "on"
    return Tls(Path(settings.tls_cert), Path(settings.tls_key), client_ca, over_grpc)


def _audit_file(settings: Settings) -> Path | None:
    """Beside the store where that is a file, unless a setting says."""
    if settings.audit_log == "off":
        return None
    if settings.audit_log:
        return Path(settings.audit_log)
    state = Settings().state if ":" in settings.state else settings.state
    return Path(state).parent / _AUDIT_FILE
