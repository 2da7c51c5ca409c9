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
from sample.models import CreatedParcel, CreateParcelRequest, Error, Label, Size

from tests.unit._support import CREATED, LABEL

ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
DAY = datetime.date(2026, 11, 24)
HALF_PAST = datetime.datetime(2026, 11, 24, 7, 30, tzinfo=datetime.UTC)
LATER = HALF_PAST.replace(microsecond=250_000)

strings = partial(decode.array, decoder=decode.string)


def date_or_string(value: Any) -> Any:
    return decode.union(value, decode.date, decode.string, decode.string)


@pytest.mark.parametrize(
    ("decoder", "fits", "expected", "misfits"),
    [
        (decode.anything, [({"a": [1]}, {"a": [1]})], "a value", [MISSING]),
        (decode.null, [(None, None)], "null", [0, "a-secret"]),
        (decode.string, [("", "")], "string", [1, MISSING]),
        (decode.nullable_string, [(None, None), ("", "")], "string or null", [1]),
        (decode.boolean, [(False, False)], "boolean", [1, "true"]),
        (decode.integer, [(7.0, 7), (10**40, 10**40)], "integer", [True, 1.5, "1", "a-secret"]),
        (decode.integer, [], "integer", [float("inf")]),
        (decode.number, [(7, 7), (7.5, 7.5)], "number", [False, "1.5"]),
        (decode.date, [("2026-11-24", DAY)], "date string", ["24.11.2026", 20261124, "a-secret"]),
        (decode.date_time, [("2026-11-24T07:30:00Z", HALF_PAST)], "date-time string", ["noon", 1]),
        (decode.date_time, [("2026-11-24T09:30:00.25+02:00", LATER)], "date-time string", []),
        (decode.unique_id, [(str(ID).upper(), ID)], "UUID string", ["1234", "a-secret"]),
        (decode.fields, [], "object", ["a-secret", []]),
        (partial(decode.constant, only="cat"), [("cat", "cat")], "the constant 'cat'", ["dog"]),
        (partial(decode.constant, only=1), [(1, 1)], "the constant 1", [True]),
        (partial(decode.nullable, decoder=decode.integer), [(1, 1)], "integer or null", ["1"]),
        (strings, [(["a", "b"], ["a", "b"])], "array", [{}]),
        (date_or_string, [("soon", "soon"), ("2026-11-24", DAY)], "date string or string", [[]]),
    ],
)
def test_what_fits_and_what_does_not(
    decoder: Callable[[Any], Any], fits: list[Any], expected: str, misfits: list[Any]
) -> None:
    for value, decoded in fits:
        found = decoder(value)
        assert (found, type(found)) == (decoded, type(decoded))
    for value in misfits:
        with pytest.raises(MismatchError) as caught:
            decoder(value)
        assert (caught.value.expected, caught.value.path) == (expected, "$")
        assert "a-secret" not in repr(vars(caught.value)) + str(caught.value)
        assert caught.value.__context__ is None


def test_of_alternatives_the_best_fit_is_taken() -> None:
    for value, kind, other in (
        (CREATED, CreatedParcel, Label),  # it declares the most of the fields that are there
        ({"marks": ["fragile"]}, CreateParcelRequest, Size),
        ({"marks": ["fragile", "unheard of", "no"]}, Size, CreateParcelRequest),
        ({"note": "a", "height": 7}, Size, CreateParcelRequest),  # which allows no other field
    ):
        for decoders in ((kind.from_dict, other.from_dict), (other.from_dict, kind.from_dict)):
            assert type(decode.union(value, *decoders)) is kind, value
    assert type(decode.union({}, Size.from_dict, Error.from_dict)) is Size
    assert decode.union("x", decode.string, decode.anything) == "x"
    told: dict[str, Any] = {"label": Label.from_dict, "error": Error.from_dict}
    for value, name in (
        ({"kind": "label", **LABEL}, "Label"),
        ({"kind": "error"}, "Error"),
        ({"kind": "another"}, "Size"),
    ):
        found = decode.discriminated(value, "kind", told, Size.from_dict)
        assert type(found).__name__ == name
    with pytest.raises(MismatchError, match="has to be object"):
        decode.discriminated(7, "kind", told, Size.from_dict)


def test_the_path_leads_there() -> None:
    def names(value: Any) -> dict[str, str]:
        return decode.additional(decode.fields(value), frozenset(), decode.string)

    rows = partial(decode.array, decoder=lambda value: decode.field(value, "a b", names))
    with pytest.raises(MismatchError) as caught:
        decode.field({"rows": [{"a b": {"n": "x"}}, {"a b": {"n": 1}}]}, "rows", rows)
    assert caught.value.path == "$.rows[1]['a b'].n"
    assert (caught.value.expected, caught.value.found) == ("string", "number")
    with pytest.raises(MismatchError, match=r"\$\.weight has to be no field, and is number"):
        CreateParcelRequest.from_dict({"note": "a", "weight": 7})
