"""The document as a file: what cannot be read is said with its line, and nothing is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generation.document import load_document
from generation.errors import GenerationError

from tests.generation._support import Tree


def read(tmp_path: Path, text: str, name: str = "api.yaml") -> object:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_document(path).data


def refusal(tmp_path: Path, text: str, name: str = "api.yaml") -> str:
    with pytest.raises(GenerationError) as caught:
        read(tmp_path, text, name)
    assert name in caught.value.message
    return str(caught.value)


def test_a_missing_file(tree: Tree) -> None:
    tree.spec.unlink()
    said = tree.refused()
    assert "portal-v1.yaml: there is no such file." in said
    assert "portal_v1 is as it was." in said


def test_a_missing_file_that_was_named(tree: Tree) -> None:
    assert "nowhere.yaml: there is no such file." in tree.refused("--spec", "nowhere.yaml")


def test_a_folder(tree: Tree) -> None:
    said = tree.refused("--spec", str(tree.root / "openapi"))
    assert "openapi: this is a folder, not an OpenAPI document." in said


def test_not_utf8(tree: Tree) -> None:
    raw = tree.spec.read_bytes()
    line = raw[: raw.index(b"title: Portal")].count(b"\n") + 1
    tree.spec.write_bytes(raw.replace(b"title: Portal", b"title: P\xf6rtal", 1))
    assert f"line {line}: not UTF-8 (byte 0xf6)" in tree.refused()


def test_a_yaml_syntax_error(tree: Tree) -> None:
    line = tree.replace("title: Portal V1 custodian API", "title: [Portal")
    said = tree.refused()
    assert "not valid YAML" in said
    assert f"line {line + 1}: " in said


def test_a_key_that_stands_twice(tree: Tree) -> None:
    line = tree.replace("x-method-name: list", "x-method-name: list\n      tags: [Two]")
    said = tree.refused()
    assert f"line {line + 2}: the key 'tags' is already there on line {line + 1}" in said


@pytest.mark.parametrize(
    ("text", "held"),
    [("- a\n- b\n", "a list"), ("", "nothing"), ("just words\n", "a single value")],
)
def test_no_mapping(tree: Tree, text: str, held: str) -> None:
    tree.spec.write_text(text)
    assert f"this file holds {held}." in tree.refused()


def test_a_json_syntax_error(tree: Tree) -> None:
    path = tree.root / "api.json"
    path.write_text('{"openapi": "3.1.0",\n "info": }\n')
    assert "api.json, line 2: not valid JSON" in tree.refused("--spec", str(path))


def test_a_json_key_that_stands_twice(tree: Tree) -> None:
    path = tree.root / "api.json"
    path.write_text('{"openapi": "3.1.0", "info": {"title": "A", "title": "B"}}')
    assert "the key 'title' stands twice" in tree.refused("--spec", str(path))


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_a_number_that_json_does_not_have(tmp_path: Path, number: str) -> None:
    assert f"JSON has no number {number}." in refusal(tmp_path, f'{{"a": {number}}}', "api.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: .nan\n", "line 1: JSON has no number .nan"),
        ("a: 1\nb: !include other.yaml\n", "line 2: the tag !include has no meaning here"),
        ("a: !set {x}\n", "line 1: the tag !set has no meaning here"),
        ("a: &top\n  b: *top\n", "line 1: an alias contains itself"),
        ("a: 1\n? [b, c]\n: 2\n", "line 2: a key must be a plain word"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("a:\n  <<: 3\n", "line 2: only a mapping can be merged"),
        ("a: *nowhere\n", "not valid YAML"),
        ("\ta: 1\n", "not valid YAML"),
    ],
)
def test_yaml_that_is_no_json(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "name"), [('a: "\\ud800"\n', "api.yaml"), ('{"a": "\\udfff"}', "api.json")]
)
def test_half_a_character(tmp_path: Path, text: str, name: str) -> None:
    assert "half a character" in refusal(tmp_path, text, name)


@pytest.mark.parametrize("name", ["api.yaml", "api.json"])
def test_nesting_without_end(tmp_path: Path, name: str) -> None:
    depth = {"api.yaml": 1_500, "api.json": 150_000}[name]  # the depth that is one too many varies
    assert "it is nested too deeply" in refusal(tmp_path, "[" * depth, name)


@pytest.mark.parametrize("name", ["api.yaml", "api.json"])
def test_nesting_that_can_be_read_but_not_walked(tmp_path: Path, name: str) -> None:
    text = '{"openapi": "3.1.0", "x-deep": ' + '{"a":' * 300 + "1" + "}" * 301
    assert "it is nested too deeply, beyond 100 levels." in refusal(tmp_path, text, name)


def test_values_are_those_of_json(tmp_path: Path) -> None:
    text = """\
        responses: {200: a, 4XX: b, 2024-01-02: c}
        words: [no, on, Yes, 2024-01-02, 2024-01-02T03:04:05Z, "1", 1.10.0, ~, True, 0o17, 1e3]
        base: &base {a: 1, b: 2}
        derived: {<<: *base, b: 3}
        several: {<<: [*base, {c: 4, a: 9}]}
    """
    value = read(tmp_path, text)
    assert json.loads(json.dumps(value)) == value
    assert value == {
        "responses": {"200": "a", "4XX": "b", "2024-01-02": "c"},
        "words": [
            "no",
            "on",
            "Yes",
            "2024-01-02",
            "2024-01-02T03:04:05Z",
            "1",
            "1.10.0",
            None,
            True,
            15,
            1000.0,
        ],
        "base": {"a": 1, "b": 2},
        "derived": {"a": 1, "b": 3},
        "several": {"a": 1, "b": 2, "c": 4},
    }


def test_json_and_a_byte_order_mark(tmp_path: Path) -> None:
    assert read(tmp_path, '\ufeff{"openapi": "3.1.0"}', "api.json") == {"openapi": "3.1.0"}
    assert read(tmp_path, "\ufeffopenapi: 3.1.0\n") == {"openapi": "3.1.0"}


def test_a_place_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text("paths:\n  /a/{b}:\n    get:\n      tags:\n        - One\n")
    document = load_document(path)
    assert document.where(("paths", "/a/{b}", "get")) == "#/paths/~1a~1{b}/get (line 3)"
    assert document.where(("paths", "/a/{b}", "get", "tags", 0)).endswith("/tags/0 (line 5)")
    assert document.where(("paths", "/a/{b}", "get", "security")).endswith("/security (line 3)")
