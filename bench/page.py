"""``docs/benchmarks.md``, from the results of the last ``make bench``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bench.cases import CASES, case
from bench.everything import RESULTS
from bench.measure import number_text
from bench.targets import RATIO, Target, target

_HEAD: Final = """# Benchmarks

Generated from `docs/benchmarks.json`, which `make bench` writes; do not edit.

    make bench
    .venv/bin/python -m bench plan --services 10000

`make bench` runs all of them. Each ends with one line of JSON: the median, what it is held against
in the same run, and the ratio, which is what carries over to other machines. What else was measured
on the way, its *figures*, and progress go to standard error; `--figures FILE` writes the figures
down, and `make bench` keeps them. The site: hosts of up to 2,000 instances, each an edge switch
with two uplinks; a segment for every twenty services, in two VRFs; ten kinds of application as
labels; fifty rules, each between another two of those. What is wanted is said of a machine of two
cores that does nothing else (`bench/targets.py`); where it is also said as a ratio, "at most 20 ms;
32x", each is judged by itself."""

_READING: Final = """
## How to read them

- `ovn_compare` has one host's switch on this machine, that of the first 2,000 instances. Further
  services are on hosts elsewhere: declared to Bulkhead, unbound ports to OVN.
- At 10,000 services OVN is measured with 2,000, since its set-up alone would take a quarter of an
  hour: its figures there are less than it would take, and so are the ratios. `make bench` measures
  that once: the row of 10,000 takes it from the run of 2,000.
- `burst` has two hosts' switches on this machine, each an Open vSwitch of its own as hosts have;
  those of further hosts are declared and elsewhere. For each call a switch goes through the ports
  of its 2,000 instances twice, so five of them would share two processors. Its result is of calls
  that bring their host less than 500 entries; the first that may reach 1,000 others, say, brings
  1,000. Those are told apart, and the p99 of all is beside it.
- Machines of one kind differ by half and more, also from hour to hour. *Pace* is ten times what a
  million additions took in Python just before, the least of three times. A ratio to another program
  depends on it little; one to what is wanted, as those of `rest_reads`, as much as the value.
- Full set-up is by processes that run, as OVN's do when they are given the site: the site is stored
  and the switch empty, and the time begins when it has connected. What a cut connection and a start
  of the processes add is told beside.
- What two switches or more take part in and moves somebody waits twice 50 ms, so that frames under
  old tags are off the wire before their entries go. The moves of `ovn_compare` are within one host
  and do not wait; those of `burst` are between hosts, or of a tenant that is on several.
- `ovn_compare` repeats each change twenty times, or at least three where that takes more than 10 s.
  Memory is looked at behind all of them. That of several processes has what they share (libraries)
  once; what each is said to have is beside."""


def benchmarks_page() -> str:
    """The page."""
    return "\n".join(_lines(json.loads(RESULTS.read_text()))) + "\n"


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield _HEAD
    yield from _meanings()
    yield _READING
    yield from _machine(record)
    yield from _values(record["runs"])
    yield from _figures(record["runs"])
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
    took_s = sum(run["took_s"] for run in record["runs"])
    yield f"All of it took {took_s / 60:.0f} minutes; a quarter of an hour is wanted."


def _values(runs: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("", "## Found", "")
    yield "| name | services | median | against | ratio | wanted | met | pace |"
    yield "|---|---|---|---|---|---|---|---|"
    for run in runs:
        found = run["result"]
        if found is None:
            yield f"| `{run['name']}` | {run['services']:,} | failed | {run['error']} | | | | |"
            continue
        cells = _cells(found, target(run["name"], run["services"]))
        pace = f"{run['pace_s']:.2f} s" if run.get("pace_s") else ""
        yield f"| `{run['name']}` | {run['services']:,} | {cells} | {pace} |"


def _figures(runs: list[dict[str, Any]]) -> Iterator[str]:
    """A table for each benchmark that measures more than its result."""
    for name in CASES:
        mine = [run for run in runs if run["name"] == name and run.get("figures")]
        if not mine:
            continue
        yield from ("", f"## Figures of `{name}`", "")
        yield "| services | what | found | against | ratio | wanted | met |"
        yield "|---|---|---|---|---|---|---|"
        for run in mine:
            for figure in run["figures"]:
                cells = _cells(figure, target(name, run["services"], figure["name"]))
                yield f"| {run['services']:,} | {figure['name']} | {cells} |"


def _cells(found: Mapping[str, Any], wanted: Target | None) -> str:
    """Value, against, ratio, what is wanted, and whether it is met."""
    value, ratio = f"{number_text(found['value'])} {found['unit']}", found["ratio"]
    cells = [value, found["against"], "" if ratio is None else f"{ratio:.3g}"]
    if wanted is None:
        return " | ".join([*cells, "", ""])
    held = ratio if wanted.unit == RATIO else found["value"]
    return " | ".join([*cells, wanted.text(), wanted.judged(held, ratio or 0.0)])


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
