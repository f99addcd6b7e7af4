"""A client of the REST API for placement tools: typed, and safe to retry.

    from controller.client import Bulkhead

    with Bulkhead("http://127.0.0.1:8080") as site:
        plug = site.put_instance("web-3", service="web", host="host-2")
        print(plug.interface_id, plug.mac, plug.address)

``controller.client.writes`` makes writes that can be planned first; ``answers`` and ``objects``
have the types of what is answered. ``docs/placement.md`` is its page.
"""

from controller.client import answers, objects, writes
from controller.client.calls import Bulkhead
from controller.client.errors import ClientError, Refused, Unreachable
from controller.client.transport import Transport
from controller.client.values import Event, Outcome, Placed, Plug
from controller.client.writes import Call

__all__ = [
    "Bulkhead",
    "Call",
    "ClientError",
    "Event",
    "Outcome",
    "Placed",
    "Plug",
    "Refused",
    "Transport",
    "Unreachable",
    "answers",
    "objects",
    "writes",
]
