"""The reader of arrays, imported as it is: no server can be made to cut a body at every byte."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample._core.array import ArrayReader, NotAnArrayError
from sample._core.json import MalformedJSONError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
ARRAYS = st.lists(VALUES, max_size=5)


def read(chunks: Iterable[bytes]) -> list[Any]:
    reader = ArrayReader()
    items = [item for chunk in chunks for item in reader.feed(chunk)]
    return items + list(reader.feed(b"", last=True))


def bytewise(body: bytes) -> list[bytes]:
    return [body[i : i + 1] for i in range(len(body))]


@given(array=ARRAYS, ascii_only=st.booleans(), indent=st.sampled_from([None, 0, 2]))
def test_byte_by_byte_it_equals_json_loads(
    array: list[Any], ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(array, ensure_ascii=ascii_only, indent=indent).encode()
    assert read(bytewise(body)) == read([body]) == json.loads(body)


@given(array=ARRAYS, data=st.data())
def test_however_it_is_cut(array: list[Any], data: st.DataObject) -> None:
    body = b" \r\n\t" + json.dumps(array, ensure_ascii=False).encode() + b"\n "
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=6)))
    ends = [*cuts, len(body)]
    chunks = [body[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
    assert read(chunks) == json.loads(body)


@given(text=st.text('[]{},:"\\ 0123456789.eE+-nulltruefalseNaNIifity\n\t\ud800', max_size=16))
def test_it_takes_what_json_takes_and_nothing_else(text: str) -> None:
    body = b"[" + text.encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(body.decode(), parse_constant=_refused)
    except ValueError:
        expected = None
    for chunks in ([body], bytewise(body)):
        if expected is None:
            with pytest.raises(MalformedJSONError):
                read(chunks)
        else:
            assert read(chunks) == expected


def _refused(name: str) -> None:
    raise ValueError(name)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"   ", b"[", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1 2]", b"[1]]", b"[1] 2"),
        *(b"[1],", b'["a]', b'[{"a": }]', b"[nul]", b"[NaN]", b"[-Infinity]", b"['a']", b"[01]"),
        *(b"[1.]", b'["\xff"]', b'["\xc3', b"[1]\xff", b"<html>", b"]", b"nope"),
        *(b"[" * 200_000, b"[" + b"7" * 5000 + b"]"),
    ],
    ids=lambda body: ascii(body[:12]),
)
def test_what_is_no_json(body: bytes) -> None:
    for size in (1, 3, len(body) or 1):
        if size * 10_000 < len(body):
            continue
        with pytest.raises(MalformedJSONError) as caught:
            read(body[i : i + size] for i in range(0, len(body), size))
        assert caught.value.__cause__ is caught.value.__context__ is None, "it would carry the text"


@pytest.mark.parametrize("body", [b"{}", b'{"items": [1]}', b'"text"', b"12", b"null", b" true "])
def test_other_json_is_no_array(body: bytes) -> None:
    for chunks in ([body], bytewise(body)):
        with pytest.raises(NotAnArrayError) as caught:
            read(chunks)
        assert (caught.value.path, caught.value.expected) == ("$", "array")


@pytest.mark.parametrize(
    ("chunks", "items"),
    [
        ([b"[1", b"2]"], [12]),
        ([b"[1.", b"5]"], [1.5]),
        ([b"[1e", b"5]"], [1e5]),
        ([b"[1E", b"+", b"5]"], [1e5]),
        ([b"[-", b"1", b"]"], [-1]),
        ([b"[tr", b"ue]"], [True]),
        ([b'["\xc3', b'\xa9"]'], ["é"]),
        ([b'["\\ud83d', b'\\ude00"]'], ["😀"]),
        ([b"\xef", b"\xbb\xbf[]"], []),
        ([b"", b"[", b"", b"]", b""], []),
        (
            [b'[{"a": "},{"}, {"b":', b' [{"c": 1}, {}]},{}]'],
            [{"a": "},{"}, {"b": [{"c": 1}, {}]}, {}],
        ),
    ],
)
def test_values_that_a_chunk_cuts_in_two(chunks: list[bytes], items: list[Any]) -> None:
    assert read(chunks) == items


def test_items_come_as_soon_as_they_are_whole() -> None:
    reader = ArrayReader()
    assert list(reader.feed(b'[{"a": 1}, {"b"')) == [{"a": 1}]
    assert list(reader.feed(b': 2}, "x", 3')) == [{"b": 2}, "x"]
    assert list(reader.feed(b"4]")) == [34]
    assert list(reader.feed(b"", last=True)) == []


def test_one_long_item_in_many_chunks_takes_no_time() -> None:
    text = "x" * 2_000_000
    body = json.dumps([text, 1]).encode()
    assert read(body[i : i + 4096] for i in range(0, len(body), 4096)) == [text, 1]
