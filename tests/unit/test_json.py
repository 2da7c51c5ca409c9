"""JSON as the standard has it; straight from the module, which no call shows whole."""

from __future__ import annotations

import json as standard
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sample._core import json
from sample._core.json import MalformedJSONError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert json.load(json.dump(value)) == value


@given(st.binary(max_size=20))
def test_any_bytes_are_json_or_an_error(body: bytes) -> None:
    try:
        found = json.load(body)
    except MalformedJSONError as error:
        assert error.__cause__ is None  # noqa: PT017 - it may be JSON
    else:
        assert found == standard.loads(body.decode("utf-8-sig"))


@given(
    st.binary(max_size=20)
    | st.text('[]{},:"\\ 0123456789.eE+-nulltruefalseNaNIifity\n\t\x01', max_size=16).map(
        str.encode
    )
)
@example(b'"\\ud800"')
@example(b"\xef\xbb\xbf1")
@example(b"[1e400, 18446744073709551616, -0, -0.0, 1E5]")
@example(b'{"a": 1, "a": 2}')
@example(b"9" * 5000)
@example(b"[" * 5000)
def test_a_long_text_is_read_as_a_short_one(body: bytes) -> None:
    # By msgspec, where that is installed.
    assert _outcome(body + b" " * 10_000) == _outcome(body)


def _outcome(body: bytes) -> str:
    try:
        return repr(json.load(body))
    except MalformedJSONError:
        return "malformed"


def test_it_is_compact_and_utf_8() -> None:
    assert json.dump({"a": [1, "é", None, True]}) == '{"a":[1,"é",null,true]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), b"x", "\ud800"])
def test_what_has_no_place_in_json(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        json.dump([value])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "line 1, column 1"),
        (b'{"key": "a-secret"', "line 1, column"),
        (b'["a-secret" "a-secret"]', "line 1, column"),
        (b"\xffa-secret", "not UTF-8 at byte 0"),
        (b"[NaN]", "NaN"),
        (b"-Infinity", "-Infinity"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "too many digits"),
    ],
    ids=lambda value: ascii(value[:8]),
)
def test_the_message_says_where_and_shows_nothing(body: bytes, told: str) -> None:
    with pytest.raises(MalformedJSONError) as caught:
        json.load(body)
    assert told in str(caught.value)
    assert "a-secret" not in str(caught.value)
