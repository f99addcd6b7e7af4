"""JSON schemas of what calls answer. Those of values that are shown as they are come from them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter

from controller.model.collections import COLLECTIONS
from controller.northbound.body_schemas import (
    DSCP,
    IPV4,
    LABELS,
    MAC,
    NAME,
    NESTED_VLAN,
    PORTS,
    SELECTOR,
    VLAN,
)
from controller.northbound.ports import JournalEvent, ProofStatus, SwitchStatus
from controller.northbound.schema_words import (
    ANYTHING,
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    by_name,
    closed,
    has,
    list_of,
    may_have,
    one_of,
    or_null,
    ref,
    whole,
)

OBJECTS: Final = {
    "vrfs": "Vrf",
    "classes": "Class",
    "segments": "Segment",
    "tenants": "Tenant",
    "services": "Service",
    "instances": "Instance",
    "rules": "Rule",
}
"""The names of the objects that are answered, by collection."""

_OBJECTS: Final[dict[str, Schema]] = {
    "Vrf": may_have(has(name=NAME, id=WHOLE), pool=TEXT),
    "Class": has(
        **{"name": NAME, "dscp": DSCP, "queue": COUNT, "priority": COUNT},
        **{"min_rate": TEXT, "max_rate": TEXT, "metric": TEXT},
    ),
    "Segment": may_have(
        has(name=NAME, vrf=NAME, vlan=VLAN, subnet=TEXT, gateway=IPV4), reserved=TEXTS
    ),
    "Tenant": may_have(has(name=NAME, segment=NAME, vrf=NAME, vlan=VLAN), labels=LABELS),
    "Service": may_have(has(name=NAME, tenant=NAME, class_=NAME), labels=LABELS),
    "Instance": has(
        **{"name": NAME, "service": NAME, "host": TEXT, "id": WHOLE, "port": TEXT, "mac": MAC},
        **{"ip": IPV4, "prefix_length": COUNT, "gateway": IPV4, "vlan": VLAN, "vrf": NAME},
        **{"segment": NAME, "tenant": NAME, "nested_vlan": or_null(NESTED_VLAN)},
        **{"mtu": COUNT, "switch": or_null(TEXT)},
    ),
    "Rule": may_have(
        has(name=NAME, from_=SELECTOR, to=SELECTOR, allow=list_of(PORTS)), dscp=DSCP, class_=NAME
    ),
}

_COUNTS: Final = has(added=COUNT, changed=COUNT, removed=COUNT)
_NAMES: Final = has(added=TEXTS, changed=TEXTS, removed=TEXTS)
_CARRIED: Final = {"rule": NAME, "class": NAME, "dscp": or_null(DSCP), "allow": TEXTS}
_GROUPS: Final = has(
    pairs=COUNT,
    groups=list_of(
        closed(may_have(has(sources=TEXTS, destinations=TEXTS, **_CARRIED), class_before=NAME))
    ),
)
_ENTRY: Final = may_have(has(table=TEXT, for_=or_null(TEXT)), entry=TEXT, from_=TEXT, to=TEXT)
_SWITCH_PLAN: Final = may_have(
    {**_COUNTS, "required": [*_COUNTS["required"], "tables"]},
    tables=by_name(closed(_COUNTS)),
    entries=closed(has(added=list_of(_ENTRY), changed=list_of(_ENTRY), removed=list_of(_ENTRY))),
)
_DIFFERENCE: Final = has(
    objects=closed(_NAMES),
    flows=closed(_COUNTS),
    switches=by_name(closed(_SWITCH_PLAN)),
    reach=closed(has(gained=_GROUPS, lost=_GROUPS, changed=_GROUPS)),
    gained=list_of(ref("Reach")),
    lost=list_of(ref("Reach")),
    pairs=TEXTS,
)
_CREATED: Final = has(created=FLAG)
_PLACE: Final = has(segment=NAME, vrf=NAME, vlan=VLAN)
_STEP: Final = has(
    **{"switch": TEXT, "table": TEXT, "shape": TEXT, "purpose": TEXT, "cookie": TEXT},
    **{"subject": or_null(TEXT), "rule": or_null(TEXT)},
)
_RULE_PLACE: Final = has(name=TEXT, file=or_null(TEXT), line=or_null(WHOLE))
_LEFT: Final = has(total=COUNT, used=COUNT, free=COUNT)
_WAY: Final = {"switches": TEXTS, "links": TEXTS, "latency_us": NUMBER, "cost": NUMBER}
_PARTS: Final = list_of(has(name=TEXT, then=or_null(has(**_WAY))))
_PROTECTION: Final = has(by=TEXT, links=_PARTS, switches=_PARTS, single_points=TEXTS)
_END: Final = has(switch=TEXT, port=TEXT, number=or_null(WHOLE))
_ENTRY_OFF: Final = has(switch=TEXT, what=TEXT, entry=TEXT)

_CHANGES: Final[dict[str, Schema]] = {
    "Written": has(revision=COUNT, applied=FLAG, pending=by_name(TEXT), changed=FLAG),
    "Plan": may_have(
        {**_DIFFERENCE, "required": ["plan", "revision", "dry_run", *_DIFFERENCE["required"]]},
        **{"plan": TEXT, "revision": COUNT, "dry_run": {"const": True}, "changed": FLAG},
    ),
    "Difference": closed(
        may_have(
            {**_DIFFERENCE, "required": ["from", "to", "fields", *_DIFFERENCE["required"]]},
            **{"from": WHOLE, "to": WHOLE, "fields": by_name(by_name(has(from_=ANYTHING)))},
        )
    ),
    "Placed": may_have(
        has(op=TEXT, done=FLAG),
        **{"instance": TEXT, "tenant": TEXT, "errors": list_of(ref("ProblemItem"))},
        object=one_of(ref("Instance"), ref("Tenant")),
    ),
    "Revision": closed(
        has(revision=COUNT, author=TEXT, message=TEXT, created_at=TEXT, changes=closed(_NAMES))
    ),
    "RevisionDocument": closed(has(revision=COUNT, document=ref("Document"))),
}

_OBSERVED: Final[dict[str, Schema]] = {
    "Reach": closed(
        has(
            source=NAME,
            destination=NAME,
            tenants=closed(has(source=NAME, destination=NAME)),
            **_CARRIED,
        )
    ),
    "Matrix": closed(
        has(
            of={"enum": ["tenants", "services"]},
            total=has(sources=COUNT, destinations=COUNT),
            sources=TEXTS,
            destinations=TEXTS,
            cells=list_of(
                may_have(
                    has(source=NAME, destination=NAME),
                    rules=TEXTS,
                    openings=list_of(has(rule=NAME, allow=TEXTS, class_=NAME)),
                    seen=or_null(TEXT),
                )
            ),
        )
    ),
    "Topology": closed(
        has(
            switches=list_of(
                has(
                    **{"name": TEXT, "role": TEXT, "number": COUNT, "datapath_id": TEXT},
                    host=or_null(TEXT),
                )
            ),
            links=list_of(
                has(
                    **{"name": TEXT, "a": _END, "b": _END, "rate_mbps": COUNT, "cost": COUNT},
                    **{"latency_us": NUMBER, "vrfs": TEXTS, "up": FLAG},
                    load=or_null(has(a_to_b_bps=COUNT, b_to_a_bps=COUNT, share=NUMBER)),
                )
            ),
            hosts=TEXTS,
        )
    ),
    "Routes": closed(
        has(
            **{"from": TEXT, "to": TEXT, "class": NAME, "metric": TEXT},
            paths=list_of(
                may_have(
                    has(vrf=NAME, reachable=FLAG),
                    **{**_WAY, "protection": _PROTECTION},
                )
            ),
        )
    ),
    "Capacity": closed(
        has(
            instances=_LEFT,
            hosts=list_of(
                has(
                    host=TEXT,
                    switch=TEXT,
                    instances=_LEFT,
                    ports=_LEFT,
                    links=list_of(
                        has(
                            **{"name": TEXT, "up": FLAG, "rate_mbps": COUNT},
                            **{"reserved_mbps": by_name(NUMBER), "unreserved_mbps": NUMBER},
                        )
                    ),
                )
            ),
            vrfs=list_of(has(vrf=NAME, vlans=_LEFT, subnets=may_have(_LEFT, pool=TEXT))),
            segments=list_of(
                has(
                    **{"segment": NAME, "vrf": NAME, "vlan": VLAN, "subnet": TEXT},
                    **{"addresses": _LEFT, "reserved": COUNT},
                )
            ),
        )
    ),
    "Explanation": closed(
        has(
            **{"from": NAME, "to": NAME, "protocol": TEXT, "port": COUNT, "dscp": DSCP},
            **{"allowed": FLAG, "reason": TEXT, "rule": or_null(_RULE_PLACE)},
            **{"class": or_null(TEXT), "queue": or_null(WHOLE)},
            path=has(switches=TEXTS, links=TEXTS),
            steps=list_of(_STEP),
            needed=or_null(TEXT),
            nearest=list_of(has(rule=_RULE_PLACE, differs=TEXTS)),
            judged={"enum": ["installed", "wanted"]},
            unread=TEXTS,
        )
    ),
    "Verification": closed(
        has(
            revision=COUNT,
            holds=FLAG,
            unread=TEXTS,
            flows=has(checked=COUNT, mismatches=list_of(_ENTRY_OFF)),
            pairs=has(identities=COUNT, witnesses=list_of({"type": "object"})),
        )
    ),
    "Readiness": closed(has(ready=FLAG, reason=TEXT)),
    "Health": closed(has(healthy=FLAG)),
    "Status": closed(
        has(
            **{"version": TEXT, "revision": COUNT, "started": FLAG, "ready": FLAG, "reason": TEXT},
            switches=has(declared=COUNT, connected=COUNT, in_sync=COUNT, entries=COUNT),
            proof=ref("ProofStatus"),
            objects=has(**dict.fromkeys(COLLECTIONS, COUNT)),
        )
    ),
}

_PROBLEMS: Final[dict[str, Schema]] = {
    "ProblemItem": closed(may_have(has(path=TEXT, message=TEXT), file=TEXT, line=WHOLE)),
    "Problem": {
        **may_have(
            has(
                type=TEXT, title=TEXT, status=WHOLE, detail=TEXT, errors=list_of(ref("ProblemItem"))
            ),
            base=COUNT,
            newest=COUNT,
            meanwhile=list_of(ref("Revision")),
            meanwhile_left_out=COUNT,
        ),
        "description": "RFC 9457. Of a conflict also what has changed `meanwhile`",
    },
}


def _of_values() -> dict[str, Schema]:
    """The schemas of dataclasses that answers show as they are."""
    found: dict[str, Schema] = {}
    for kind in (SwitchStatus, ProofStatus, JournalEvent):
        schema: dict[str, Any] = TypeAdapter(kind).json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        found |= schema.pop("$defs", {})
        found[kind.__name__] = schema
    return found


ANSWERS: Final[dict[str, Schema]] = {
    **_OBJECTS,
    **_CHANGES,
    **_OBSERVED,
    **_PROBLEMS,
    **_of_values(),
}
"""All that is answered, by the names that it has in the OpenAPI document."""


def written(*parts: Schema) -> Schema:
    """The answer to a write that tells these too; to one with ``dry_run`` it is a plan."""
    return whole(*parts, one_of(ref("Written"), ref("Plan")))


def put(collection: str) -> Schema:
    """The answer to the PUT of an object."""
    return written(ref(OBJECTS[collection]), _CREATED)


def exactly(name: str) -> Schema:
    """A component without any other key."""
    return {**ref(name), "unevaluatedProperties": False}


MOVED_TENANT: Final = written(_PLACE, has(tenant=NAME))
MOVED_INSTANCE: Final = written(ref("Instance"))
PLACED: Final = written(has(items=list_of(exactly("Placed"))))
APPLIED_PLAN: Final = written(has(plan=TEXT))
RESTORED: Final = written(has(restored=COUNT))
