"""The columns of the Open_vSwitch database that we read or write (ovs-vswitchd.conf.db(5))."""

from __future__ import annotations

from typing import Any, Final

_STRING: Final = {"type": "string"}
_MAP: Final = {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}
_STRINGS: Final = {"type": {"key": "string", "min": 0, "max": "unlimited"}}
_MAYBE_STRING: Final = {"type": {"key": "string", "min": 0, "max": 1}}
_MAYBE_INTEGER: Final = {"type": {"key": "integer", "min": 0, "max": 1}}


def _references(table: str, most: int | str = "unlimited") -> dict[str, Any]:
    return {
        "type": {"key": {"type": "uuid", "refTable": table}, "min": 0, "max": most},
    }


_TABLES: Final[dict[str, dict[str, Any]]] = {
    "Open_vSwitch": {"bridges": _references("Bridge"), "other_config": _MAP},
    "Bridge": {
        "name": _STRING,
        "datapath_type": _STRING,
        "ports": _references("Port"),
        "controller": _references("Controller"),
        "fail_mode": _MAYBE_STRING,
        "protocols": _STRINGS,
        "other_config": _MAP,
    },
    "Port": {"name": _STRING, "interfaces": _references("Interface"), "qos": _references("QoS", 1)},
    "Interface": {
        "name": _STRING,
        "type": _STRING,
        "ofport": _MAYBE_INTEGER,
        "link_state": _MAYBE_STRING,
        "external_ids": _MAP,
    },
    "Controller": {
        "target": _STRING,
        "max_backoff": _MAYBE_INTEGER,
        "connection_mode": _MAYBE_STRING,
    },
    "QoS": {
        "type": _STRING,
        "queues": {
            "type": {
                "key": "integer",
                "value": {"type": "uuid", "refTable": "Queue"},
                "min": 0,
                "max": "unlimited",
            }
        },
        "other_config": _MAP,
        "external_ids": _MAP,
    },
    "Queue": {"other_config": _MAP, "external_ids": _MAP},
}

COLUMNS: Final = {table: tuple(columns) for table, columns in _TABLES.items()}
SCHEMA: Final[dict[str, Any]] = {
    "name": "Open_vSwitch",
    "version": "8.0.0",
    "tables": {
        name: {"columns": columns, "isRoot": name in ("Open_vSwitch", "QoS", "Queue")}
        for name, columns in _TABLES.items()
    },
}
