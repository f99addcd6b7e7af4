"""Answers as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from controller.cli.tables import table
from controller.client.answers import (
    Explanation,
    ProofRun,
    RuleAt,
    Status,
    Step,
    Verification,
    Walk,
)

Answer = Mapping[str, Any]


def written(answer: Answer) -> str:
    """What became of a write."""
    return "\n".join(_written(answer))


def _written(answer: Answer) -> Iterator[str]:
    if not answer["changed"]:
        yield f"nothing to change: revision {answer['revision']} says so already"
    else:
        state = "applied" if answer["applied"] else "stored, not on every switch yet"
        yield f"revision {answer['revision']}: {state}"
    if "tenant" in answer and "segment" in answer and "name" not in answer:
        place = f"segment {answer['segment']}, VRF {answer['vrf']}, VLAN {answer['vlan']}"
        yield f"tenant {answer['tenant']}: {place}"
    for switch, reason in answer["pending"].items():
        yield f"  {switch}: {reason}"


def routes(answer: Answer) -> str:
    """The ways between two hosts."""
    rows = [
        (
            path["vrf"],
            _way(path) if path["reachable"] else "no way",
            f"{path['latency_us']} us" if path["reachable"] else None,
            path.get("cost"),
            _protected(path["protection"]) if path["reachable"] else None,
        )
        for path in answer["paths"]
    ]
    heading = f"class {answer['class']}, shortest by {answer['metric']}\n"
    return heading + table(("VRF", "PATH", "LATENCY", "COST", "ANOTHER WAY"), rows)


def _protected(protection: Answer) -> str:
    """Whether any one part of a way may fail, and if not, which may not."""
    alone = ", ".join(protection["single_points"])
    return f"not without {alone}" if alone else "if any one part fails"


def _way(path: Answer | Walk) -> str:
    """``edge-1 -[h1]- fabric-1 -[h2]- edge-2``."""
    switches, links = path["switches"], path["links"]
    steps = zip_longest(links, switches[1:], fillvalue="nowhere")
    return f"{switches[0]}" + "".join(f" -[{link}]- {switch}" for link, switch in steps)


def status(answer: Status, switches: str) -> str:
    """Where things stand."""
    counts = answer["switches"]
    objects = ", ".join(f"{count} {name}" for name, count in answer["objects"].items())
    return "\n".join(
        (
            f"{'ready' if answer['ready'] else 'NOT READY'}: {answer['reason']}",
            f"revision {answer['revision']}: {objects}",
            f"switches: {counts['connected']} of {counts['declared']} connected, "
            f"{counts['in_sync']} in sync, {counts['entries']} flow entries",
            _proof("everything", answer["proof"]["whole"]),
            _proof("the last change", answer["proof"]["change"]),
            "",
            switches,
        )
    )


def _proof(what: str, run: ProofRun | None) -> str:
    if run is None:
        return f"proof of {what}: none yet"
    verdict = "holds" if run["holds"] else f"FAILS, {run['faults']} faults"
    return f"proof of {what}: {verdict} (revision {run['revision']}, {run['at']})"


def explanation(answer: Explanation) -> str:
    """Why a packet passes or not."""
    return "\n".join(_explanation(answer))


def _explanation(answer: Explanation) -> Iterator[str]:
    packet = answer["protocol"] + (f"/{answer['port']}" if answer["port"] else "")
    marked = f" marked DSCP {answer['dscp']}" if answer["dscp"] else ""
    verdict = "allowed" if answer["allowed"] else "DENIED"
    yield f"{answer['from']} -> {answer['to']} {packet}{marked}: {verdict}"
    yield answer["reason"]
    if answer["rule"]:
        queue = (
            "no queue, for it leaves by no link"
            if answer["queue"] is None
            else f"queue {answer['queue']}"
        )
        yield f"rule {rule(answer['rule'])}, class {answer['class']}, {queue}"
    if answer["needed"]:
        yield f"it would need {answer['needed']}"
    for near in answer["nearest"]:
        yield f"near: rule {rule(near['rule'])}"
        yield from (f"  {difference}" for difference in near["differs"])
    if answer["path"]["switches"]:
        yield f"path {_way(answer['path'])}"
    if answer["steps"]:
        yield ""
        rows = [
            (s["switch"], s["table"], s["shape"], s["cookie"], s["rule"]) for s in answer["steps"]
        ]
        yield table(("SWITCH", "TABLE", "ENTRY", "COOKIE", "RULE"), rows)
    guessed = f"; {', '.join(answer['unread'])}, not read: what it shall hold"
    yield f"\nflows: what switches are known to hold{guessed if answer['unread'] else ''}"


def rule(answer: RuleAt) -> str:
    """A rule with the place it was written down."""
    place = f" ({answer['file']}:{answer['line']})" if answer.get("file") else ""
    return f"`{answer['name']}`{place}"


def verification(answer: Verification, unread: Mapping[str, str]) -> str:
    """Whether what switches hold does what the intent says; ``unread``: who was not read, why."""
    return "\n".join(_verification(answer, unread))


def _verification(answer: Verification, unread: Mapping[str, str]) -> Iterator[str]:
    flows, pairs = answer["flows"], answer["pairs"]
    yield f"revision {answer['revision']}: {_verdict(answer)}"
    yield from (f"  {switch}: not read: {reason}" for switch, reason in unread.items())
    yield f"{flows['checked']} entries read, {len(flows['mismatches'])} not as they should be"
    yield from (f"  {m['switch']} {m['what']}: {m['entry']}" for m in flows["mismatches"])
    pairs_text = f"{pairs['identities']} pairs of identities proved"
    yield f"{pairs_text}, {len(pairs['witnesses'])} faults"
    for w in pairs["witnesses"]:
        yield f"  {w['kind']}: {w['what']}: expected {w['expected']}, found {w['found']}"
        yield from (f"    {shown}" for shown in (w.get("packet"), w.get("entry")) if shown)
        yield from (f"    {step}" for step in _walked(w.get("steps", ())))


def _verdict(answer: Verification) -> str:
    if answer["holds"]:
        return "holds on every switch"
    unread = f"NOT PROVED for {', '.join(answer['unread'])}" if answer["unread"] else ""
    wrong = answer["flows"]["mismatches"] or answer["pairs"]["witnesses"]
    if not wrong:
        return f"{unread}; what was read holds"
    return "DOES NOT HOLD" + (f", and {unread}" if unread else "")


def _walked(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        subject = f" ({step['subject']})" if step["subject"] else ""
        yield f"{step['switch']} {step['table']}: {step['shape']}{subject}"
