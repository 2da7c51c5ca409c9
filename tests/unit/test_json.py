"""JSON as the standard has it, whole and cut at any byte, which no server can be made to do."""

from __future__ import annotations

import json as standard
import signal
import sys
from collections.abc import Iterable
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample._core import json
from sample._core.array import ArrayReader, NotAnArrayError
from sample._core.json import MalformedJSONError

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
LIKE_JSON = st.text('[]{},:"\\ 0123456789.eE+-nulltruefalseNaNIifity\n\t\x01\ud800', max_size=16)


def read(chunks: Iterable[bytes]) -> list[Any]:
    reader = ArrayReader()
    items = [item for chunk in chunks for item in reader.feed(chunk)]
    return items + list(reader.feed(b"", last=True))


def in_pieces(body: bytes, size: int = 1) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert json.load(json.dump(value)) == value
    assert json.dump({"a": [1, "é", None, True]}) == '{"a":[1,"é",null,true]}'.encode()


@given(
    st.lists(VALUES, max_size=5), st.booleans(), st.sampled_from([None, 0, 2]), st.integers(1, 40)
)
def test_an_array_is_read_however_it_is_cut(
    array: list[Any], ascii_only: bool, indent: int | None, size: int
) -> None:
    text = standard.dumps(array, ensure_ascii=ascii_only, indent=indent)
    body = f" \r\n\t{text}\n ".encode()
    assert read(in_pieces(body)) == read(in_pieces(body, size)) == read([body]) == array


ODD = [
    *(b"", b"   ", b"[", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1 2]", b"[1]]", b"[1] 2"),
    *(b"[1],", b'["a]', b'[{"a": }]', b"[nul]", b"[NaN]", b"[-Infinity]", b"['a']", b"[01]"),
    *(b"[1.]", b'["\xff"]', b'["\xc3', b"[1]\xff", b"<html>", b"]", b"nope", b"[" * 9000),
    *(b'"\\ud800"', b"\xef\xbb\xbf1", b'{"a": 1, "a": 2}', b"9" * 5000),
    *(b"[1e400, 18446744073709551616, -0, -0.0, 1E5]", b'{"items": [1]}', b" true", b"12"),
]


def check(body: bytes) -> None:
    try:
        expected = repr(standard.loads(body.decode("utf-8-sig"), parse_constant=refuse))
    except (ValueError, RecursionError):
        expected = "malformed"
    # What is long is read by msgspec, where that is installed.
    assert outcome(json.load, body) == outcome(json.load, body + b" " * 10_000) == expected
    if not body.startswith(b"\xef\xbb\xbf"):
        inner = f"[{expected}]" if expected != "malformed" else outcome(json.load, b"[%b]" % body)
        for chunks in ([b"[", body, b"]"], in_pieces(b"[%b]" % body)):
            assert outcome(read, chunks) == inner
    alone = {outcome(read, chunks) for chunks in ([body], in_pieces(body, 3), in_pieces(body))}
    assert alone <= ({expected} if expected[0] == "[" else {"no array", "malformed"})


@given(st.binary(max_size=20) | LIKE_JSON.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_it_takes_what_json_takes_and_nothing_else_long_or_short_or_cut(body: bytes) -> None:
    check(body)


def test_it_does_so_with_what_is_odd() -> None:
    for body in ODD:
        check(body)


def refuse(name: str) -> None:
    raise ValueError(name)


def outcome(reader: Any, body: Any) -> str:
    try:
        return repr(reader(body))
    except MalformedJSONError as error:
        assert error.__cause__ is error.__context__ is None, "it would carry the text"  # noqa: PT017 - it may be JSON
        return "malformed"
    except NotAnArrayError as error:
        assert (error.path, error.expected) == ("$", "array")  # noqa: PT017 - it may be one
        return "no array"


def test_without_msgspec_python_reads_what_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    json._fast_reader.cache_clear()  # noqa: SLF001 - it looks for msgspec once
    monkeypatch.setitem(sys.modules, "msgspec.json", None)
    assert json.load(b"[1]" + b" " * 10_000) == [1]
    json._fast_reader.cache_clear()  # noqa: SLF001 - as above


def test_what_a_signals_handler_raises_is_no_fault_of_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def handler(*_: object) -> None:
        raise ValueError("a time limit")

    before = signal.signal(signal.SIGUSR1, handler)
    monkeypatch.setattr(json, "DECODER", Mock(decode=handler))
    with pytest.raises(ValueError, match="a time limit"):
        json.load(b"[1]")
    signal.signal(signal.SIGUSR1, before)


def test_the_message_says_where_and_shows_nothing() -> None:
    for body, told in (
        (b"", "line 1, column 1"),
        (b'["a-secret" "a-secret"]', "line 1, column"),
        (b"\xffa-secret", "not UTF-8 at byte 0"),
        (b"[NaN]", "NaN"),
        (b"-Infinity", "-Infinity"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "too many digits"),
    ):
        with pytest.raises(MalformedJSONError) as caught:
            json.load(body)
        assert told in str(caught.value)
        assert "a-secret" not in str(caught.value)


def test_items_come_as_soon_as_they_are_whole() -> None:
    reader = ArrayReader()
    fed = ((b'[{"a": 1}, {"b"', [{"a": 1}]), (b': 2}, "x", 3', [{"b": 2}, "x"]), (b"4]", [34]))
    for chunk, items in fed:
        assert list(reader.feed(chunk)) == items
    assert list(reader.feed(b"", last=True)) == []
    # Objects are read several at a time, up to what looks like the end of one.
    chunks = [b'[{"a": "},{"}, {"b":', b' [{"c": 1}, {}]},{}]']
    assert read(chunks) == [{"a": "},{"}, {"b": [{"c": 1}, {}]}, {}]


def test_one_long_item_in_many_chunks_takes_no_time() -> None:
    text = "x" * 2_000_000
    assert read(in_pieces(standard.dumps([text, 1]).encode(), 4096)) == [text, 1]
