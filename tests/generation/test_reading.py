"""The document as a file: what cannot be read is said with its line, and nothing is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generation.document import load_document
from generation.errors import GenerationError


def read(tmp_path: Path, text: str | bytes, name: str = "api.yaml") -> object:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_document(path).data


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
DEEP = '{"a":' * 300 + "1" + "}" * 300


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"openapi": "3.1.0",\n "info": }\n', "cannot be read: Expecting value: line 2"),
        ('{"info": {"title": "A", "title": "B"}}', "the key 'title' stands twice"),
        ('{"a": NaN}', "Out of range float values"),
        ('{"a": "\\udfff"}', "surrogates not allowed"),
        (DEEP, "it is nested beyond 100 levels"),
        (f"a: {DEEP}", "it is nested beyond 100 levels"),
        (BOMB, "its aliases come to more than"),
        (
            b"openapi: 3.1.0\ninfo: {title: P\xf6rtal}\n",
            "line 2 cannot be read: it is not UTF-8 (byte 0xf6)",
        ),
        ("- a\n- b\n", "an OpenAPI document is a mapping"),
        ("a: \0\n", "line 1 cannot be read: unacceptable character"),
        ("a: 1\nb: !include other.yaml\n", "line 2 cannot be read: the tag !include has no"),
        ("a: !set {x}\n", "line 1 cannot be read: the tag !set has no meaning here"),
        ("a: &top\n  b: *top\n", "or an alias contains itself"),
        ("a: 1\n? [b, c]\n: 2\n", "line 2 cannot be read: a key must be a plain word"),
        ("a:\n  <<: 3\n", "line 2 cannot be read: only a mapping can be merged"),
        ("a: 1\nb: 2\na: 3\n", "line 3 cannot be read: the key 'a' is already there on line 1"),
        ("a: 1\nb:\n  c: [x\nd: 2\n", "line 4 cannot be read: did not find expected ','"),
    ],
)
def test_what_is_no_document(tmp_path: Path, text: str | bytes, reason: str) -> None:
    name = "api.json" if text[:1] == "{" else "api.yaml"
    with pytest.raises(GenerationError) as caught:
        read(tmp_path, text, name)
    assert name in str(caught.value)
    assert reason in str(caught.value)


def test_values_are_those_of_json(tmp_path: Path) -> None:
    text = """\
        responses: {200: a, 4XX: b, 2024-01-02: c}
        words: [no, on, 2024-01-02, 2024-01-02T03:04:05Z, "1", 1.10.0, ~, True, 0x17, .nan, 1e3]
        base: &base {a: 1, b: 2}
        derived: {<<: *base, b: 3}
        several: {<<: [*base, {c: 4, a: 9}]}
    """
    value = read(tmp_path, text)
    assert json.loads(json.dumps(value)) == value
    assert value == {
        "responses": {"200": "a", "4XX": "b", "2024-01-02": "c"},
        "words": [
            *("no", "on", "2024-01-02", "2024-01-02T03:04:05Z", "1", "1.10.0"),
            *(None, True, "0x17", ".nan", 1000.0),
        ],
        "base": {"a": 1, "b": 2},
        "derived": {"a": 1, "b": 3},
        "several": {"a": 1, "b": 2, "c": 4},
    }


def test_a_place_has_its_line(tmp_path: Path) -> None:
    text = '\ufeff{"paths":\n {"/a/{b}":\n {"get":\n {"tags": [\n "One"]}}}}'
    assert read(tmp_path, text, "api.json") == {"paths": {"/a/{b}": {"get": {"tags": ["One"]}}}}
    document = load_document(tmp_path / "api.json")
    assert document.where(("paths", "/a/{b}", "get")) == "#/paths/~1a~1{b}/get (line 3)"
    assert document.where(("paths", "/a/{b}", "get", "tags", "0")).endswith("/tags/0 (line 5)")
    assert document.where(("paths", "/a/{b}", "get", "security")).endswith("/security (line 3)")
