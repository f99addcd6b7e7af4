"""The bodies of moves: where something shall go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from controller.errors import Invalid, Problem
from controller.model.fields import describe
from controller.model.problems import closest


def tenant_wish(tree: object) -> dict[str, Any]:
    """Where a tenant shall go, as :func:`move_tenant` takes it. Raises Invalid."""
    keys = ("segment", "vrf", "vlan", "readdress")
    body = _body(tree, keys, '{"vrf": "monitoring", "vlan": "auto"} or {"segment": "orders"}')
    for key in ("segment", "vrf"):
        if not isinstance(body.get(key), str | None):
            _refuse(key, f"expected a name, found {describe(body[key])}")
    vlan = body.get("vlan")
    if isinstance(vlan, bool) or not (vlan in (None, "auto") or isinstance(vlan, int)):
        _refuse("vlan", f"expected auto or a number, found {describe(vlan)}")
    if not isinstance(body.get("readdress", False), bool):
        _refuse("readdress", f"expected true or false, found {describe(body['readdress'])}")
    return dict(body)


def host_wish(tree: object) -> str:
    """The host that an instance shall be on. Raises Invalid."""
    host = _body(tree, ("host",), '{"host": "host-2"}').get("host")
    if not isinstance(host, str):
        _refuse("host", f"expected the name of a host, found {describe(host)}")
    return host


def _body(tree: object, keys: tuple[str, ...], example: str) -> Mapping[str, Any]:
    if not isinstance(tree, Mapping):
        _refuse("body", f"expected {example}, found {describe(tree)}")
    problems = [
        Problem(str(key), f"unknown key{closest(str(key), keys)}; known are {', '.join(keys)}")
        for key in tree
        if key not in keys
    ]
    if problems:
        raise Invalid(tuple(problems))
    return tree


def _refuse(path: str, message: str) -> NoReturn:
    raise Invalid((Problem(path, message),))
