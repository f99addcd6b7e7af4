"""Every problem of a document at once, worded and placed as the golden files say.

``pytest tests/model/test_golden_errors.py --update-golden`` rewrites them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.errors import Invalid
from controller.model.decode import decode_intent
from controller.model.decode_topology import decode_topology
from controller.northbound.documents import load_text

GOLDEN = Path(__file__).parent.parent / "golden_errors"
HOSTS = frozenset({"host-1", "host-2"})


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.yaml")), ids=lambda file: file.stem)
def test_problems_are_as_the_golden_file_says(file: Path, update_golden: bool) -> None:
    found = problems_of(file)
    expected = file.with_suffix(".txt")
    if update_golden:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def problems_of(file: Path) -> str:
    with pytest.raises(Invalid) as caught:
        tree, positions = load_text(file.read_text(encoding="utf-8"), file.name)
        if file.stem.startswith("topology"):
            decode_topology(tree, positions)
        else:
            decode_intent(tree, positions=positions, hosts=HOSTS)
    return "".join(f"{problem}\n" for problem in caught.value.problems)
