"""Answers as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from controller.cli.tables import table

Answer = Mapping[str, Any]

PAIRS_MAX: Final = 40  # of a plan's pairs; --json has them all


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


def plan(answer: Answer) -> str:
    """What a change would do."""
    if not answer["changed"]:
        return f"nothing to change: revision {answer['revision']} says so already"
    return "\n".join(_plan(answer))


def _plan(answer: Answer) -> Iterator[str]:
    yield f"plan {answer['plan']}, against revision {answer['revision']}:"
    for sign, key in (("+", "added"), ("~", "changed"), ("-", "removed")):
        yield from (f"  {sign} {name}" for name in answer["objects"][key])
    yield from flows_and_pairs(answer)
    yield f"to make exactly this so: bulkhead apply --plan {answer['plan']}"


def flows_and_pairs(answer: Answer) -> Iterator[str]:
    """Entries by switch, and who gains, loses or is carried otherwise."""
    yield ""
    if answer["switches"]:
        counts = [
            (name, delta["added"], delta["changed"], delta["removed"])
            for name, delta in [*answer["switches"].items(), ("total", answer["flows"])]
        ]
        yield table(("FLOWS", "ADDED", "CHANGED", "REMOVED"), counts)
    else:
        yield "no flow changes"
    for name, delta in answer["switches"].items():
        yield from _entries(name, delta.get("entries"))
    yield ""
    pairs = answer["pairs"]
    reach = {word: answer["reach"][word]["pairs"] for word in ("gained", "lost", "changed")}
    changed = f", {reach['changed']} in another class" if reach["changed"] else ""
    yield f"{reach['gained']} pairs gained, {reach['lost']} lost{changed}"
    yield from (f"  {pair}" for pair in pairs[:PAIRS_MAX])
    if len(pairs) > PAIRS_MAX:
        yield f"  and {len(pairs) - PAIRS_MAX} more (--json has all)"


def _entries(name: str, entries: Answer | None) -> Iterator[str]:
    if entries is None:
        return
    yield f"\n{name}:"
    for sign, key in (("+", "added"), ("~", "changed"), ("-", "removed")):
        for entry in entries[key]:
            subject = f" ({entry['for']})" if entry["for"] else ""
            yield f"  {sign} {entry['table']}{subject}"
            yield from (f"      {entry[part]}" for part in ("entry", "from", "to") if part in entry)


def routes(answer: Answer) -> str:
    """The ways between two hosts."""
    rows = [
        (
            path["vrf"],
            _way(path) if path["reachable"] else "no way",
            f"{path['latency_us']} us" if path["reachable"] else None,
            path.get("cost"),
        )
        for path in answer["paths"]
    ]
    heading = f"class {answer['class']}, shortest by {answer['metric']}\n"
    return heading + table(("VRF", "PATH", "LATENCY", "COST"), rows)


def _way(path: Answer) -> str:
    """``edge-1 -[h1]- fabric-1 -[h2]- edge-2``."""
    switches, links = path["switches"], path["links"]
    steps = zip_longest(links, switches[1:], fillvalue="nowhere")
    return f"{switches[0]}" + "".join(f" -[{link}]- {switch}" for link, switch in steps)


def status(answer: Answer, switches: str) -> str:
    """Where things stand."""
    counts = answer["switches"]
    objects = ", ".join(f"{count} {name}" for name, count in answer["objects"].items())
    return "\n".join(
        (
            f"{'ready' if answer['ready'] else 'NOT READY'}: {answer['reason']}",
            f"revision {answer['revision']}: {objects}",
            f"switches: {counts['connected']} of {counts['declared']} connected, "
            f"{counts['in_sync']} in sync, {counts['entries']} flow entries",
            *(_proof(what, answer["proof"][key]) for key, what in _PROOFS.items()),
            "",
            switches,
        )
    )


_PROOFS: Final = {"whole": "everything", "change": "the last change"}


def _proof(what: str, run: Answer | None) -> str:
    if run is None:
        return f"proof of {what}: none yet"
    verdict = "holds" if run["holds"] else f"FAILS, {run['faults']} faults"
    return f"proof of {what}: {verdict} (revision {run['revision']}, {run['at']})"


def explanation(answer: Answer) -> str:
    """Why a packet passes or not."""
    return "\n".join(_explanation(answer))


def _explanation(answer: Answer) -> Iterator[str]:
    packet = answer["protocol"] + (f"/{answer['port']}" if answer["port"] else "")
    marked = f" marked DSCP {answer['dscp']}" if answer["dscp"] else ""
    verdict = "allowed" if answer["allowed"] else "DENIED"
    yield f"{answer['from']} -> {answer['to']} {packet}{marked}: {verdict}"
    yield answer["reason"]
    if answer["rule"]:
        yield f"rule {rule(answer['rule'])}, class {answer['class']}, queue {answer['queue']}"
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


def rule(answer: Answer) -> str:
    """A rule with the place it was written down."""
    place = f" ({answer['file']}:{answer['line']})" if answer.get("file") else ""
    return f"`{answer['name']}`{place}"


def verification(answer: Answer) -> str:
    """Whether what switches hold does what the intent says."""
    return "\n".join(_verification(answer["flows"], answer["pairs"]))


def _verification(flows: Answer, pairs: Answer) -> Iterator[str]:
    yield f"{flows['checked']} entries, {len(flows['mismatches'])} not as they should be"
    yield from (f"  {m['switch']} {m['what']}: {m['entry']}" for m in flows["mismatches"])
    pairs_text = f"{pairs['identities']} pairs of identities proved"
    yield f"{pairs_text}, {len(pairs['witnesses'])} faults"
    for w in pairs["witnesses"]:
        yield f"  {w['kind']}: {w['what']}: expected {w['expected']}, found {w['found']}"
        yield from (f"    {step}" for step in _walked(w.get("steps", ())))


def _walked(steps: Iterable[Answer]) -> Iterator[str]:
    for step in steps:
        subject = f" ({step['subject']})" if step["subject"] else ""
        yield f"{step['switch']} {step['table']}: {step['shape']}{subject}"
