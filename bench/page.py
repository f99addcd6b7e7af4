"""``docs/benchmarks.md``, from the results of the last ``make bench``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.cases import CASES, case
from bench.everything import RESULTS

_HEAD = """# Benchmarks

Generated from `docs/benchmarks.json`, which `make bench` writes; do not edit.

    make bench
    .venv/bin/python -m bench plan --services 10000

`make bench` runs all of them in under a quarter of an hour. Each ends with one line of JSON: the
median, what it is held against in the same run, and the ratio, which is what carries over to other
machines. Progress goes to standard error. The site: hosts of up to 2,000 instances, each an edge
switch with two uplinks; a segment for every twenty services, in two VRFs; ten kinds of application
as labels; fifty rules between those."""


def benchmarks_page() -> str:
    """The page."""
    return "\n".join(_lines(json.loads(RESULTS.read_text()))) + "\n"


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield _HEAD
    yield from _meanings()
    yield from _machine(record)
    yield from _values(record["runs"])
    yield from _growth(record["runs"])


def _meanings() -> Iterator[str]:
    yield from ("", "## What they measure", "", "| name | measures |", "|---|---|")
    for name in CASES:
        text = " ".join((case(name).__doc__ or "").partition("\n\n")[0].split())
        yield f"| `{name}` | {text.rstrip('.')} |"


def _machine(record: dict[str, Any]) -> Iterator[str]:
    machine, versions = record["machine"], record["versions"]
    yield from ("", "## Where", "")
    yield f"{record['date']}: {machine['processor']}, {machine['cores']} cores,"
    yield f"{machine['memory_gib']} GiB, {machine['system']}, kernel {machine['kernel']};"
    yield ", ".join(f"{name} {number}" for name, number in versions.items()) + "."


def _values(runs: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("", "## Found", "", "| name | services | median | against | ratio |")
    yield "|---|---|---|---|---|"
    for run in runs:
        found = run["result"]
        if found is None:
            yield f"| `{run['name']}` | {run['services']:,} | failed | {run['error']} | |"
            continue
        value = f"{found['value']:,.4g} {found['unit']}"
        ratio = f"{found['ratio']:.3g}"
        yield f"| `{run['name']}` | {run['services']:,} | {value} | {found['against']} | {ratio} |"


def _growth(runs: list[dict[str, Any]]) -> Iterator[str]:
    """How much more the largest site takes than the smallest."""
    found: dict[str, dict[int, float]] = {}
    for run in runs:
        if run["result"] is not None:
            found.setdefault(run["name"], {})[run["services"]] = run["result"]["value"]
    grown = {name: sizes for name, sizes in found.items() if len(sizes) > 1}
    yield from (
        "",
        "## Growth",
        "",
        "| name | from | to | sites | takes |",
        "|---|---|---|---|---|",
    )
    for name, sizes in grown.items():
        least, most = min(sizes), max(sizes)
        times = sizes[most] / sizes[least]
        yield f"| `{name}` | {least:,} | {most:,} | {most / least:.0f}x | {times:.3g}x |"
