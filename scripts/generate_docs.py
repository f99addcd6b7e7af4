"""Writes the pages and modules that are generated, or checks that they are fresh."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from bench.page import benchmarks_page
from controller.dataplane.document import pipeline_page
from controller.settings import settings_page
from scripts.generate_rpc import generated

ROOT = Path(__file__).parent.parent
PAGES = {
    "docs/benchmarks.md": benchmarks_page,
    "docs/pipeline.md": pipeline_page,
    "docs/settings.md": settings_page,
}


def main() -> int:
    """Exit status 1: a page is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="show what is stale; write nothing")
    mode.add_argument("--write", action="store_true", help="write them")
    arguments = parser.parse_args()
    stale = False
    wanted_texts = {name: make() for name, make in PAGES.items()} | generated()
    for name, wanted in wanted_texts.items():
        path = ROOT / name
        found = path.read_text() if path.exists() else ""
        if found == wanted:
            continue
        if arguments.write:
            path.write_text(wanted)
            print(f"wrote {name}")
            continue
        stale = True
        lines = difflib.unified_diff(found.splitlines(), wanted.splitlines(), name, "generated")
        print("\n".join([*lines, f"{name} is stale; run: make docs"]))
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
