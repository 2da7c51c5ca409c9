"""The document as a file: what cannot be read is said with its line, and nothing is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generation.document import load_document
from generation.errors import GenerationError


def read(tmp_path: Path, text: str, name: str = "api.yaml") -> object:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_document(path).data


def refusal(tmp_path: Path, text: str, name: str = "api.yaml") -> str:
    with pytest.raises(GenerationError) as caught:
        read(tmp_path, text, name)
    assert name in caught.value.message
    return str(caught.value)


def test_what_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match=r"nowhere\.yaml: there is no such file\."):
        load_document(tmp_path / "nowhere.yaml")
    with pytest.raises(GenerationError, match="this is a folder, not an OpenAPI document"):
        load_document(tmp_path)
    (tmp_path / "api.yaml").write_bytes(b"openapi: 3.1.0\ninfo: {title: P\xf6rtal}\n")
    with pytest.raises(GenerationError, match=r"line 2: not UTF-8 \(byte 0xf6\)"):
        load_document(tmp_path / "api.yaml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"openapi": "3.1.0",\n "info": }\n', "api.json, line 2: not valid JSON"),
        ('{"info": {"title": "A", "title": "B"}}', "the key 'title' stands twice"),
        ('{"a": NaN}', "JSON has no number NaN."),
        ('{"a": Infinity}', "JSON has no number Infinity."),
        ('{"a": "\\udfff"}', "half a character"),
        ("- a\n- b\n", "this file holds a list."),
        ("", "this file holds nothing."),
        ("just words\n", "this file holds a single value."),
        ("a: .nan\n", "line 1: JSON has no number .nan"),
        ("a: 1\nb: !include other.yaml\n", "line 2: the tag !include has no meaning here"),
        ("a: !set {x}\n", "line 1: the tag !set has no meaning here"),
        ("a: &top\n  b: *top\n", "line 1: an alias contains itself"),
        ("a: 1\n? [b, c]\n: 2\n", "line 2: a key must be a plain word"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("a:\n  <<: 3\n", "line 2: only a mapping can be merged"),
        ("a: 1\nb:\n  c: [x\nd: 2\n", "line 4: not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is already there on line 1"),
        ("a: *nowhere\n", "not valid YAML"),
        ("\ta: 1\n", "not valid YAML"),
        ('a: "\\ud800"\n', "line 1: not valid YAML"),
    ],
)
def test_what_is_no_document(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refusal(tmp_path, text, "api.json" if text[:1] == "{" else "api.yaml")


def test_aliases_without_end(tmp_path: Path) -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        text += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    assert "its aliases come to more than" in refusal(tmp_path, text)


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
            *("no", "on", "Yes", "2024-01-02", "2024-01-02T03:04:05Z", "1", "1.10.0"),
            *(None, True, 15, 1000.0),
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
