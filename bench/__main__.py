"""``python -m bench NAME --services N``: one benchmark; its last line is one line of JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from bench.cases import CASES, case
from bench.everything import run_all
from bench.measure import say

_WHAT = "what to measure; all: everything at sizes of its own, kept in docs/benchmarks.json"


def main() -> int:
    """Run a benchmark. Progress and figures go to standard error, the result to standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure what operators wait for. The last line is JSON: the median in ms, "
        "what it is held against in the same run, and the ratio.",
        epilog="\n".join(f"{name:14} {_says(name)}" for name in CASES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "name",
        choices=[*CASES, "all"],
        metavar="NAME",
        help=_WHAT,
    )
    parser.add_argument("--services", type=_count, default=1000, help="default 1000")
    parser.add_argument(
        "--only",
        action="append",
        choices=CASES,
        default=[],
        metavar="NAME",
        help="with all: nothing else, and what was found of the others is kept (repeatable)",
    )
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="FILE",
        help="write there, as JSON, what else was measured on the way to the result",
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it ends what it has started
    if arguments.name == "all":
        return int(run_all(arguments.only) > 0)
    result = case(arguments.name)(arguments.services)
    for figure in result.figures:
        say(f"  {figure.text()}")
    if arguments.figures is not None:
        arguments.figures.write_text(json.dumps(result.kept()))
    print(result.line(), flush=True)
    return 0


def _says(name: str) -> str:
    return (case(name).__doc__ or "").partition("\n")[0]


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 40 <= number <= 60_000:
        raise argparse.ArgumentTypeError(f"expected 40 to 60000 services, found {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
