"""Names of OpenFlow 1.4 errors, by type and code (OpenFlow 1.4.1, section 7.5.4)."""

from __future__ import annotations

from typing import Final

_NAMES: Final = {
    1: (
        "bad request",
        *("version", "unknown message type", "unknown multipart type", "unknown experimenter"),
        *("unknown experimenter type", "not permitted", "wrong length", "buffer is empty"),
        *("unknown buffer", "bad table", "the controller is a slave", "bad port", "bad packet"),
        *("multipart request too long", "multipart request timed out"),
        "multipart reply timed out",
    ),
    2: (
        "bad action",
        *("unknown type", "wrong length", "unknown experimenter", "unknown experimenter type"),
        *("bad output port", "bad argument", "not permitted", "too many actions", "bad queue"),
        *("bad group", "contradicts the match", "unsupported order", "unsupported tag"),
        *("set-field of an unknown field", "set-field of a wrong length"),
        "set-field to a bad value",
    ),
    3: (
        "bad instruction",
        *("unknown", "unsupported", "bad table", "unsupported metadata"),
        *("unsupported metadata mask", "unknown experimenter", "unknown experimenter type"),
        *("wrong length", "not permitted", "there twice"),
    ),
    4: (
        "bad match",
        *("unknown type", "wrong length", "unsupported tag", "bad mask of a MAC"),
        *("bad mask of an address", "bad wildcards", "unknown field", "bad value", "bad mask"),
        *("a prerequisite is missing", "a field is there twice", "not permitted"),
    ),
    5: (
        "flow refused",
        *("unknown reason", "the table is full", "unknown table"),
        *("it overlaps another of the same priority", "not permitted", "bad timeout"),
        *("bad command", "bad flags", "its table is synchronised", "bad priority"),
    ),
    11: ("role refused", "stale generation", "unsupported", "unknown role"),
    17: (
        "bundle refused",
        *("unknown reason", "not permitted", "unknown id", "it exists already", "it is closed"),
        *("too many bundles", "bad control type", "bad flags", "a member of wrong length"),
        *("a member of another xid", "this kind cannot be in a bundle", "members conflict"),
        *("too many members", "a member failed at commit", "timed out"),
        "another bundle is in progress",
    ),
}


def failure_name(kind: int, code: int) -> str:
    """An error in words; the numbers where the specification has no name for them."""
    group, *codes = _NAMES.get(kind, (f"error type {kind}",))
    return f"{group}: {codes[code] if code < len(codes) else f'code {code}'}"
