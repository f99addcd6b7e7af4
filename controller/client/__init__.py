"""A client of the REST API for placement tools: typed, and safe to retry.

    from controller.client import Bulkhead

    with Bulkhead("http://127.0.0.1:8080") as site:
        plug = site.put_instance("web-3", service="web", host="host-2")
        print(plug.interface_id, plug.mac, plug.address)

``docs/placement.md`` is its page.
"""

from controller.client.calls import Bulkhead
from controller.client.errors import ClientError, Refused, Unreachable
from controller.client.transport import Transport
from controller.client.values import Event, Outcome, Placed, Plug

__all__ = [
    "Bulkhead",
    "ClientError",
    "Event",
    "Outcome",
    "Placed",
    "Plug",
    "Refused",
    "Transport",
    "Unreachable",
]
