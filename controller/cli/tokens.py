"""Tokens: a file on the controller's machine, which it reads again when it changes."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from controller.cli.client import Client
from controller.cli.exits import Exit, Stop
from controller.cli.results import Result
from controller.cli.tables import objects
from controller.errors import BulkheadError
from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile
from controller.settings import load

_COLUMNS = ("name", "role", "tenants", "certificate", "created_at")


def token(options: Namespace, _client: Client) -> Result:
    """Add, list or remove who may use the API."""
    try:
        file = TokenFile(_path(options))
        if options.what == "list":
            return _listed(file)
        if not options.name:
            raise Stop(Exit.INVALID, f"token {options.what}: whose? Give a name")
        return (_add if options.what == "add" else _remove)(file, options)
    except (BulkheadError, OSError) as error:
        raise Stop(Exit.INVALID, str(error)) from None


def _path(options: Namespace) -> Path:
    if options.file:
        return Path(options.file)
    found = load(tuple(map(Path, options.config_file)), os.environ).settings.tokens_file
    if not found:
        raise Stop(
            Exit.INVALID,
            "which file? Name it with --file, or in the setting tokens_file (--config-file)",
        )
    return Path(found)


def _add(file: TokenFile, options: Namespace) -> Result:
    if options.role is None:
        raise Stop(Exit.INVALID, "token add: --role viewer, operator or admin")
    role = Role(options.role)
    if options.tenant and role is not Role.OPERATOR:
        raise Stop(Exit.INVALID, f"token add: --tenant is for an operator, not for a {role}")
    tenants = frozenset(options.tenant) if options.tenant else None
    principal = Principal(options.name, role, tenants)
    made = file.add(principal, options.certificate)
    answer = {"name": options.name, "role": str(role), "token": made}
    if not made:
        return Result(answer, f"{principal} is known by its certificate {options.certificate}")
    return Result(
        answer, f"{made}\n\nfor {principal}; it is shown this once: only its hash is kept"
    )


def _remove(file: TokenFile, options: Namespace) -> Result:
    file.remove(options.name)
    return Result({"removed": options.name}, f"{options.name} is refused from now on")


def _listed(file: TokenFile) -> Result:
    answer = [
        {
            "name": entry.principal.name,
            "role": str(entry.principal.role),
            "tenants": sorted(entry.principal.tenants or ()),
            "certificate": entry.certificate,
            "created_at": entry.created_at,
        }
        for entry in file.entries()
    ]
    return Result(answer, objects(answer, _COLUMNS))
