"""Explanations and witnesses of the verifier, as the API shows them."""

from __future__ import annotations

from controller.dataplane.text import format_entry
from controller.model.network import Network
from controller.northbound.ports import Origins
from controller.northbound.views import Body
from controller.verify.explain import Explanation, TableStep, path_of, steps_of
from controller.verify.faults import Fault
from controller.verify.nearest import Near
from controller.verify.packet_text import packet_flow
from controller.verify.proof import Proof


def explanation_view(found: Explanation, origins: Origins) -> Body:
    """Why a packet passes or not, with the place that each rule was written down."""
    return {
        "allowed": found.allowed,
        "reason": found.reason,
        "rule": rule_view(found.rule, origins) if found.rule else None,
        "class": found.qos_class,
        "queue": found.queue,
        # The walk alternates: a switch, the link it left by, the next switch.
        "path": {"switches": list(found.path[::2]), "links": list(found.path[1::2])},
        "steps": [_step(step) for step in found.steps],
        "needed": found.needed,
        "nearest": [_near(near, origins) for near in found.nearest],
    }


def rule_view(name: str, origins: Origins) -> Body:
    """A rule with the place it was written down, where that is known."""
    file, line = origins.get(f"rules/{name}", (None, None))
    return {"name": name, "file": file, "line": line}


def _step(step: TableStep) -> Body:
    return {
        "switch": step.switch,
        "table": step.table,
        "shape": step.shape,
        "purpose": step.purpose,
        "cookie": f"{step.cookie:#x}",
        "subject": str(step.subject) if step.subject else None,
        "rule": step.rule,
    }


def _near(near: Near, origins: Origins) -> Body:
    return {"rule": rule_view(near.rule, origins), "differs": list(near.differences)}


def proof_view(network: Network, proof: Proof) -> Body:
    """How many pairs of identities were proved, and what is wrong, each with its witness."""
    return {
        "identities": proof.pairs,
        "witnesses": [_witness(network, fault) for fault in proof.faults],
    }


def _witness(network: Network, fault: Fault) -> Body:
    body: Body = {
        "kind": fault.kind,
        "what": fault.subject,
        "expected": fault.expected,
        "found": fault.found,
    }
    question = fault.question
    if question is not None:
        body |= {
            "from": question.source.name,
            "to": question.destination.name,
            "protocol": question.protocol,
            "port": question.port,
            "dscp": question.dscp,
        }
    if fault.entry is not None:
        body["entry"] = format_entry(fault.entry)
    if fault.walk is not None:
        body["packet"] = packet_flow(fault.walk.sent)
        body["steps"] = [_step(step) for step in steps_of(network, fault.walk)]
        body["path"] = list(path_of(fault.walk))
    return body
