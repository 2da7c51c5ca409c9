"""Decoders that V1 has no field for; the templates use them for other documents."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import attrs
import pytest
from sample._core import decode
from sample._core.decode import MISSING, MismatchError
from sample.types import UNSET, OpenStrEnum, Unset

ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
HALF_PAST = datetime.datetime(2026, 11, 24, 7, 30, tzinfo=datetime.UTC)
LATER = HALF_PAST.replace(microsecond=250_000)

cat = partial(decode.constant, only="cat")
one = partial(decode.constant, only=1)
maybe_integer = partial(decode.nullable, decoder=decode.integer)
strings = partial(decode.array, decoder=decode.string)


def date_or_string(value: Any) -> Any:
    return decode.union(value, decode.date, decode.string)


@pytest.mark.parametrize(
    ("decoder", "pairs"),
    [
        (decode.anything, [(None, None), ({"a": [1]}, {"a": [1]})]),
        (decode.null, [(None, None)]),
        (decode.integer, [(7, 7), (7.0, 7), (-(10**40), -(10**40))]),
        (decode.number, [(7, 7), (7.5, 7.5)]),
        (decode.boolean, [(False, False)]),
        (decode.date, [("2026-11-24", datetime.date(2026, 11, 24))]),
        (decode.date_time, [("2026-11-24T07:30:00Z", HALF_PAST)]),
        (decode.date_time, [("2026-11-24T09:30:00.25+02:00", LATER)]),
        (decode.unique_id, [(str(ID), ID), (str(ID).upper(), ID)]),
        (decode.nullable_string, [(None, None), ("", "")]),
        (cat, [("cat", "cat")]),
        (maybe_integer, [(None, None), (1, 1)]),
        (strings, [(["a", "b"], ["a", "b"])]),
        (date_or_string, [("soon", "soon"), ("2026-11-24", datetime.date(2026, 11, 24))]),
    ],
)
def test_what_fits(decoder: Callable[[Any], Any], pairs: list[tuple[Any, Any]]) -> None:
    for value, expected in pairs:
        decoded = decoder(value)
        assert decoded == expected
        assert type(decoded) is type(expected)


@pytest.mark.parametrize(
    ("decoder", "expected", "values"),
    [
        (decode.anything, "a value", [MISSING]),
        (decode.null, "null", [0, "a-secret"]),
        (decode.string, "string", [1, MISSING]),
        (decode.nullable_string, "string or null", [1]),
        (decode.boolean, "boolean", [1, "true"]),
        (decode.integer, "integer", [True, 1.5, float("inf"), "1", "a-secret"]),
        (decode.number, "number", [False, "1.5"]),
        (decode.date, "date string", ["24.11.2026", "2026-02-30", 20261124, "a-secret"]),
        (decode.date_time, "date-time string", ["noon", None]),
        (decode.unique_id, "UUID string", ["1234", "a-secret"]),
        (decode.fields, "object", ["a-secret", []]),
        (cat, "the constant 'cat'", ["dog"]),
        (one, "the constant 1", [True]),
        (maybe_integer, "integer or null", ["1"]),
        (strings, "array", [{}]),
        (date_or_string, "date string or string", [[]]),
        (lambda value: decode.union(value, decode.string, decode.string), "string", [1]),
    ],
)
def test_what_does_not(decoder: Callable[[Any], Any], expected: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(MismatchError) as caught:
            decoder(value)
        assert (caught.value.expected, caught.value.path) == (expected, "$")
        assert "a-secret" not in repr(vars(caught.value)) + str(caught.value)
        assert caught.value.__context__ is None


@attrs.define
class Animal:
    kind: Literal["cat", "dog"]
    name: str | None = None
    lives: list[Life] | None = None
    additional_properties: dict[str, Any] = attrs.Factory(dict[str, Any])

    @classmethod
    def read(cls, value: Any, kind: Any = "cat") -> Animal:
        fields = decode.fields(value)
        decode.nothing_else(fields, frozenset({"kind", "name", "lives"}))
        name = decode.optional(fields, "name", decode.string, None)
        lives = partial(decode.array, decoder=partial(decode.member, kind=Life))
        constant = decode.field(fields, "kind", partial(decode.constant, only=kind))
        return cls(constant, name, decode.optional(fields, "lives", lives, None))


@attrs.define
class Thing:
    kind: str
    name: str | Unset = UNSET
    weight: float | Unset = UNSET

    @classmethod
    def read(cls, value: Any) -> Thing:
        kind, name = value.get("kind"), decode.optional(value, "name", decode.string, UNSET)
        return cls(kind, name, decode.optional(value, "weight", decode.number, UNSET))


class Life(OpenStrEnum):
    FIRST = "first"


def test_of_alternatives_the_best_fit_is_taken() -> None:
    dog = partial(Animal.read, kind="dog")
    for value, kind in (
        ({"kind": "cat"}, Animal),  # its constant is there
        ({"kind": "car", "weight": 7}, Thing),
        ({"kind": "cat", "weight": 7}, Thing),  # an animal has no such field
        ({"kind": "cat", "lives": ["first"]}, Animal),
        ({"kind": "cat", "lives": ["an unknown one", "another"]}, Thing),
    ):
        for decoders in ((Animal.read, Thing.read), (Thing.read, Animal.read)):
            assert type(decode.union(value, *decoders)) is kind, value
    assert decode.union("x", decode.string, decode.anything) == "x"
    with pytest.raises(MismatchError, match="no field, and is number"):
        Animal.read({"kind": "cat", "weight": 7})
    told: dict[str, Any] = {"cat": Animal.read, "dog": dog}
    for animal in (Animal("dog"), Animal("cat")):
        told_so = {"kind": animal.kind}
        assert decode.discriminated(told_so, "kind", told, Thing.read) == animal
    assert decode.discriminated({"kind": "car"}, "kind", told, Thing.read) == Thing("car")
    with pytest.raises(MismatchError, match="has to be object"):
        decode.discriminated(7, "kind", told, Animal.read)


def test_the_path_leads_there() -> None:
    def names(value: Any) -> dict[str, str]:
        return decode.additional(decode.fields(value), frozenset(), decode.string)

    def row(value: Any) -> dict[str, str]:
        return decode.field(value, "a b", names)

    rows = partial(decode.array, decoder=row)
    with pytest.raises(MismatchError) as caught:
        decode.field({"rows": [{"a b": {"n": "x"}}, {"a b": {"n": 1}}]}, "rows", rows)
    assert caught.value.path == "$.rows[1]['a b'].n"
    assert (caught.value.expected, caught.value.found) == ("string", "number")
