"""What a person may try on a lab that stays: commands that do something there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Get = Callable[[str], Any]


def how_to_go_on(url: str, get: Get) -> str:
    """The text; ``get`` answers reads of the lab's controller."""
    return f"""The site is up. REST: {url}  OpenAPI: {url}/openapi.json

  curl -s {url}/v1/switches
  curl -s '{url}/v1/explain?{_question(get)}'
  curl -s -XPOST {url}/v1/tenants/promo/move -d '{{"vrf": "business", "vlan": "auto"}}'
  BULKHEAD_SERVER={url} .venv/bin/bulkhead status
  ip netns exec web-1 ping 10.20.1.1

Ctrl-C ends it and removes everything it made."""


def _question(get: Get) -> str:
    """Why a packet passes between two instances that a rule lets talk over TCP."""
    instance = {item["service"]: item["name"] for item in reversed(get("/v1/instances"))}
    for reach in get("/v1/reachability"):
        ends = reach["source"], reach["destination"]
        if (
            reach["allow"][0].startswith("tcp/")
            and ends[0] != ends[1]
            and all(map(instance.get, ends))
        ):
            port = reach["allow"][0].removeprefix("tcp/").partition("-")[0]
            return f"from={instance[ends[0]]}&to={instance[ends[1]]}&protocol=tcp&port={port}"
    return "from=A&to=B&protocol=tcp&port=80"
