"""Texts to trees with places: what YAML means here, several files, and hostile input."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Invalid
from controller.model.decode import decode_intent
from controller.model.decode_topology import decode_topology, encode_topology
from controller.model.intent import Intent
from controller.model.positions import Place, rule_places
from controller.northbound.documents import dump_yaml, load_text, load_yaml
from tests.strategies import intents, site


def test_scalars_are_json_s_and_nothing_more() -> None:
    text = "[no, on, 12:30, 0x10, 010, 1e3, -7, 2.5, true, null, ~, '5', \"x\\n\", 2024-01-01]"
    tree, _ = load_text(text, "t")
    assert tree == [
        "no", "on", "12:30", "0x10", "010", 1000.0, -7, 2.5, True, None, None, "5", "x\n",
        "2024-01-01",
    ]  # fmt: skip


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.text()
    | st.sampled_from(["1e3", "0x1", "no", "12:30", "~", "1_0", "=", "<<", "2024-01-01", "1."]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_is_dumped_is_read_back(tree: object) -> None:
    assert load_text(dump_yaml(tree), "t")[0] == tree
    text = json.dumps(tree, ensure_ascii=False)
    if text.isprintable():  # YAML reads no control characters, of which JSON allows one: DEL
        assert load_text(text, "t.json")[0] == tree


def test_json_is_read_as_well_with_its_lines() -> None:
    tree, positions = load_text('{\n\t"vrfs": {\n\t\t"a": {"id": 1}}}', "t.json")
    assert tree == {"vrfs": {"a": {"id": 1}}}
    assert positions.find(("vrfs", "a", "id")) == Place("t.json", 3)


def test_a_place_is_that_of_the_nearest_known_node() -> None:
    _, positions = load_text("a:\n  b: [1,\n    2]\n", "t")
    assert positions.find(("a", "b", 1)) == Place("t", 3)
    assert positions.find(("a", "b", 1, "x")) == Place("t", 3)
    assert positions.find(("a", "c")) == Place("t", 1)


def test_a_directory_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text("vrfs: {a: {id: 1}}\nrules:\n- {name: r1}\n")
    (tmp_path / "2.json").write_text('{"vrfs": {"b": {"id": 2}},\n "rules": [{"name": "r2"}]}')
    (tmp_path / "notes.txt").write_text("not read")
    tree, positions = load_yaml(tmp_path)
    assert tree == {
        "vrfs": {"a": {"id": 1}, "b": {"id": 2}},
        "rules": [{"name": "r1"}, {"name": "r2"}],
    }
    assert rule_places(tree, positions) == {
        "r1": Place(str(tmp_path / "1.yaml"), 3),
        "r2": Place(str(tmp_path / "2.json"), 2),
    }


def test_a_name_in_two_files_is_a_problem_naming_both(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text("vrfs:\n  a: {id: 1}\nrules: []\n")
    (tmp_path / "2.yaml").write_text("vrfs:\n\n  a: {id: 2}\nrules: {}\n")
    tree, positions = load_yaml(tmp_path)
    with pytest.raises(Invalid) as caught:
        decode_intent(tree, positions=positions)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{tmp_path}/2.yaml:3: vrfs.a: given twice; the first is in {tmp_path}/1.yaml:2",
        f"{tmp_path}/2.yaml:4: rules: given twice; the first is in {tmp_path}/1.yaml:3",
    ]


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no file that ends in"):
        load_yaml(tmp_path)


def test_aliases_are_read_and_cannot_explode() -> None:
    tree, _ = load_text("a: &x {team: shop}\nb: *x\n", "t")
    assert tree == {"a": {"team": "shop"}, "b": {"team": "shop"}}
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    started = time.monotonic()
    with pytest.raises(Invalid, match="too large"):
        load_text("\n".join(lines), "bomb")
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("text", ["&a [*a]", "[" * 100, "a: " * 5, "\x00", "[" * 100_000, "*x"])
def test_what_is_no_document_is_told(text: str) -> None:
    with pytest.raises(Invalid):
        load_text(text, "t")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="not UTF-8"):
        load_yaml(tmp_path / "x.yaml")


def test_a_topology_comes_back() -> None:
    tree, positions = load_text(dump_yaml(encode_topology(site())), "site.yaml")
    assert decode_topology(tree, positions) == site()


@given(intents(max_instances=3))
def test_every_rule_has_its_place(intent: Intent) -> None:
    text = "rules:\n" + "".join(f"- name: {name}\n" for name in intent.rules)
    tree, positions = load_text(text, "t")
    places = rule_places(tree, positions)
    assert [places[name].line for name in intent.rules] == list(range(2, len(intent.rules) + 2))
