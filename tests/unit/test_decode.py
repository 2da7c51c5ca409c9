"""Decoders that V1 has no field for; the templates use them for other documents."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sample._core import decode
from sample._core.decode import MISSING, MismatchError

UTC = datetime.UTC
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("decoder", "value", "found"),
    [
        (decode.anything, None, None),
        (decode.anything, {"a": [1]}, {"a": [1]}),
        (decode.null, None, None),
        (decode.integer, 7, 7),
        (decode.integer, 7.0, 7),
        (decode.integer, -(10**40), -(10**40)),
        (decode.number, 7, 7),
        (decode.number, 7.5, 7.5),
        (decode.boolean, False, False),
        (decode.date, "2026-11-24", datetime.date(2026, 11, 24)),
        (
            decode.date_time,
            "2026-11-24T07:30:00Z",
            datetime.datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
        ),
        (
            decode.date_time,
            "2026-11-24T09:30:00.25+02:00",
            datetime.datetime(2026, 11, 24, 7, 30, 0, 250_000, tzinfo=UTC),
        ),
        (decode.unique_id, str(ID), ID),
        (decode.unique_id, str(ID).upper(), ID),
        (decode.nullable_string, None, None),
        (decode.nullable_string, "", ""),
        (partial(decode.constant, only="cat"), "cat", "cat"),
        (partial(decode.nullable, decoder=decode.integer), None, None),
        (partial(decode.nullable, decoder=decode.integer), 1, 1),
        (partial(decode.array, decoder=decode.string), ["a", "b"], ["a", "b"]),
        (lambda value: decode.union(value, decode.integer, decode.string), "a", "a"),
        (lambda value: decode.union(value, decode.date, decode.string), "soon", "soon"),
    ],
)
def test_what_fits(decoder: Callable[[Any], Any], value: Any, found: Any) -> None:
    decoded = decoder(value)
    assert decoded == found
    assert type(decoded) is type(found)


@pytest.mark.parametrize(
    ("decoder", "value", "expected"),
    [
        (decode.anything, MISSING, "a value"),
        (decode.null, 0, "null"),
        (decode.string, 1, "string"),
        (decode.string, MISSING, "string"),
        (decode.boolean, 1, "boolean"),
        (decode.boolean, "true", "boolean"),
        (decode.integer, True, "integer"),
        (decode.integer, 1.5, "integer"),
        (decode.integer, float("inf"), "integer"),
        (decode.integer, "1", "integer"),
        (decode.number, False, "number"),
        (decode.number, "1.5", "number"),
        (decode.date, "24.11.2026", "date string"),
        (decode.date, "2026-02-30", "date string"),
        (decode.date, 20261124, "date string"),
        (decode.date_time, "noon", "date-time string"),
        (decode.date_time, None, "date-time string"),
        (decode.unique_id, "1234", "UUID string"),
        (partial(decode.constant, only="cat"), "dog", "the constant 'cat'"),
        (partial(decode.constant, only=1), True, "the constant 1"),
        (partial(decode.nullable, decoder=decode.integer), "1", "integer or null"),
        (partial(decode.array, decoder=decode.string), {}, "array"),
        (lambda value: decode.union(value, decode.integer, decode.null), [], "integer or null"),
        (lambda value: decode.union(value, decode.string, decode.string), 1, "string"),
    ],
)
def test_what_does_not(decoder: Callable[[Any], Any], value: Any, expected: str) -> None:
    with pytest.raises(MismatchError) as caught:
        decoder(value)
    assert caught.value.expected == expected
    assert caught.value.path == "$"


def test_the_path_leads_there() -> None:
    rows = partial(decode.array, decoder=partial(decode.field, "a b", decoder=_names))
    with pytest.raises(MismatchError) as caught:
        decode.field("rows", [{"n": "x"}, {"n": 1}], rows)
    assert caught.value.path == "$.rows[1]['a b'].n"
    assert (caught.value.expected, caught.value.found) == ("string", "number")


def _names(value: Any) -> dict[str, str]:
    return decode.additional(decode.fields(value), frozenset(), decode.string)


def test_no_error_holds_the_value() -> None:
    for decoder in (decode.integer, decode.date, decode.unique_id, decode.fields, decode.null):
        with pytest.raises(MismatchError) as caught:
            decoder("a-secret")
        assert "a-secret" not in repr(vars(caught.value)) + str(caught.value)
        assert caught.value.__context__ is None
