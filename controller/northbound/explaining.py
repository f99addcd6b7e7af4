"""Explanations and witnesses of the verifier, as the API shows them."""

from __future__ import annotations

from controller.northbound.ports import Origins
from controller.northbound.views import Body
from controller.verify.check import Verdict, Witness
from controller.verify.explain import Explanation, TableStep
from controller.verify.nearest import Near


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


def verdict_view(verdict: Verdict) -> Body:
    """How many packets were asked about, and those that went wrong."""
    return {
        "asked": verdict.asked,
        "witnesses": [_witness(witness) for witness in verdict.witnesses],
    }


def _witness(witness: Witness) -> Body:
    question = witness.question
    return {
        "from": question.source.name,
        "to": question.destination.name,
        "protocol": question.protocol,
        "port": question.port,
        "dscp": question.dscp,
        "expected": witness.expected,
        "found": witness.found,
    }
