"""Settings: defaults, then the config file, then the environment, then flags; later ones win.

Both processes read them the same way. A wrong one is reported with where it came from, all at once.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NamedTuple

from controller.errors import Invalid, Problem

SECTION: Final = "bulkhead"
PREFIX: Final = "BULKHEAD_"
_COMMANDS: Final = frozenset({"BULKHEAD_SERVER"})  # the command's own, no setting
_RUN_DIR_MOST: Final = 107 - len("/speaker-4194304.sock")  # unix(7): sun_path has 108 with its NUL
_LOG_LEVELS: Final = ("debug", "info", "warning", "error")


def _state_home() -> str:
    if os.geteuid() == 0:
        return "/var/lib/bulkhead/state.db"
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local/state")
    return f"{home}/bulkhead/state.db"


def _run_home() -> str:
    if os.geteuid() == 0:
        return "/run/bulkhead-controller"
    return f"{os.environ.get('XDG_RUNTIME_DIR') or '/tmp'}/bulkhead-{os.geteuid()}"


def _text(value: str) -> str:
    return value


def _port(value: str) -> int:
    number = int(value) if value.isdigit() else -1
    if not 1 <= number <= 65535:
        raise ValueError("a port number, 1..65535")
    return number


def _address(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (colon and host and port.isdigit() and int(port) <= 65535):
        raise ValueError("HOST:PORT, for example 127.0.0.1:8080")
    return value


def _seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise ValueError("a number of seconds above 0")
    return number


def _level(value: str) -> str:
    if value not in _LOG_LEVELS:
        raise ValueError(f"one of {', '.join(_LOG_LEVELS)}")
    return value


def _file(value: str) -> str:
    if value and not Path(value).exists():
        raise ValueError("a file or folder that is there")
    return value


def _folder(value: str) -> str:
    if not 0 < len(os.fsencode(value)) <= _RUN_DIR_MOST:
        raise ValueError(f"a path of at most {_RUN_DIR_MOST} bytes, for it holds sockets (unix(7))")
    return value


def _setting(default: Any, read: Callable[[str], Any], meaning: str) -> Any:
    metadata = {"read": read, "meaning": meaning}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, checked."""

    openflow_host: str = _setting("127.0.0.1", _text, "address that switches connect to")
    openflow_port: int = _setting(6653, _port, "TCP port that switches connect to")
    rest: str = _setting("127.0.0.1:8080", _address, "address and port of the REST API")
    topology: str = _setting("", _file, "YAML file of switches and links")
    policy: str = _setting("", _file, "YAML intent, stored when the store is still empty")
    state: str = _setting(_state_home, _text, "store: a file, or remotes tcp:HOST:PORT,...")
    run_dir: str = _setting(_run_home, _folder, "folder for sockets")
    ovsdb: str = _setting(
        "unix:/var/run/openvswitch/db.sock",
        _text,
        "OVSDB of the switches: one remote, or SWITCH=REMOTE,...",
    )
    datapath_type: str = _setting("", _text, "datapath of bridges it makes: netdev or system")
    request_timeout_s: float = _setting(5.0, _seconds, "longest wait for a switch's answer")
    apply_timeout_s: float = _setting(10.0, _seconds, "longest wait of a write for all switches")
    audit_s: float = _setting(30.0, _seconds, "how often switches are read back")
    log_level: str = _setting("info", _level, "debug, info, warning or error")


class Resolved(NamedTuple):
    """Settings, and for each where its value came from."""

    settings: Settings
    origin: Mapping[str, str]


class Described(NamedTuple):
    """One line of ``bulkhead settings``."""

    name: str
    value: str
    origin: str
    meaning: str


def load(
    config_files: tuple[Path, ...] = (),
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> Resolved:
    """Settings from all sources. Raises Invalid with every problem."""
    problems: list[Problem] = []
    given: dict[str, tuple[str, str]] = {}
    for path in config_files:
        given |= {name: (value, str(path)) for name, value in _section(path, problems).items()}
    for name, value in sorted((environment or {}).items()):
        if name.startswith(PREFIX) and name not in _COMMANDS:
            given[name.removeprefix(PREFIX).lower()] = (value, f"environment {name}")
    for name, value in (flags or {}).items():
        given[name] = (value, "flag")
    values = _read(given, problems)
    if problems:
        raise Invalid(tuple(problems))
    origin = {f.name: given[f.name][1] if f.name in given else "default" for f in fields(Settings)}
    return Resolved(Settings(**values), origin)


def describe(resolved: Resolved) -> list[Described]:
    """Every setting with its value, where that came from, and what it means."""
    return [
        Described(
            f.name,
            str(getattr(resolved.settings, f.name)),
            resolved.origin[f.name],
            f.metadata["meaning"],
        )
        for f in fields(Settings)
    ]


def environment_of(settings: Settings) -> dict[str, str]:
    """Settings as environment variables, for a child process to load."""
    return {PREFIX + f.name.upper(): str(getattr(settings, f.name)) for f in fields(Settings)}


def _section(path: Path, problems: list[Problem]) -> Mapping[str, str]:
    # Ryu's own options stand in [DEFAULT] of the same file, and are not defaults of ours.
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(path.read_text(), str(path))
    except (OSError, configparser.Error) as error:
        reason = str(error).splitlines()[0]
        problems.append(Problem(SECTION, f"cannot be read: {reason}", str(path)))
        return {}
    return dict(parser[SECTION]) if parser.has_section(SECTION) else {}


def _read(given: Mapping[str, tuple[str, str]], problems: list[Problem]) -> dict[str, Any]:
    known = {f.name: f for f in fields(Settings)}
    values: dict[str, Any] = {}
    for name, (value, origin) in given.items():
        if name not in known:
            expected = ", ".join(known)
            problems.append(Problem(name, f"is no setting; expected one of {expected}", origin))
            continue
        try:
            values[name] = known[name].metadata["read"](value)
        except ValueError as error:
            problems.append(Problem(name, f"expected {error}, found {value!r}", origin))
    return values
