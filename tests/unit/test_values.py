"""Models, decoders and encoders: from JSON values to Python values and back.

V1 has path segments, strings, booleans and JSON bodies alone; the rest is for other documents.
"""

from __future__ import annotations

import copy
import datetime
import io
import json
import pickle
import uuid
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from sample import InvalidRequestError, models
from sample._core import decode, encode
from sample._core.json import MismatchError
from sample.types import UNSET, File, OpenIntEnum, Unset

from tests.network._operations import CANARY, LABEL, PARCEL

ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
DAY = datetime.date(2026, 11, 24)
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
LATER = NOON.replace(microsecond=250_000)
MODEL = models.ParcelSummary("1", "2")
Mark = models.CreateParcelRequestMarksItem


class Level(OpenIntEnum):
    LOW = 1
    HIGH = 9


def test_an_answer_is_kept_whole_and_shows_no_secret() -> None:
    answer = {**PARCEL, "a b": CANARY}
    found = models.Parcel.from_dict(MappingProxyType(answer))
    assert (found.id, found.address, found.pickup_code) == (*answer.values(),)[:3]
    assert found.to_dict() == answer
    for again in (
        *(copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))),
        models.Parcel.from_dict(json.loads(json.dumps(found.to_dict()))),
    ):
        assert again == found
    assert repr(found) == (
        "Parcel(id='parcel-1', pickup_code=***, is_express=True, address='1 Main Street', "
        "additional_properties={'aFieldOfTomorrow': ..., 'nested': ..., 'a b': ...})"
    )
    assert "additional_properties" not in repr(models.Size(height=7))
    assert found.additional_keys == ["aFieldOfTomorrow", "nested", "a b"]
    found["aFieldOfTomorrow"] = "today"
    del found["nested"]
    assert found.additional_properties == {"aFieldOfTomorrow": "today", "a b": found["a b"]}
    assert ("nested" in found, "nested" in answer) == (False, True)


def test_a_subclass_has_the_defaults_of_its_own_fields() -> None:
    @attrs.define
    class Tagged(models.ParcelSummary):
        tag: str = "new"
        seen: list[str] = attrs.Factory(list[str])
        first: str = attrs.Factory(lambda one: one.id[:1], takes_self=True)

    one, other = Tagged.from_dict(PARCEL), Tagged.from_dict(PARCEL)
    assert (one.id, one.tag, one.seen, one.first) == ("parcel-1", "new", [], "p")
    assert one.seen is not other.seen


def test_unset_is_one_false_value_and_not_none() -> None:
    again: list[object] = [Unset(), copy.deepcopy([UNSET])[0], pickle.loads(pickle.dumps(UNSET))]
    assert all(one is UNSET for one in again)
    assert UNSET not in [False, 0, "", None]
    assert (bool(UNSET), repr(UNSET), str(UNSET)) == (False, "UNSET", "UNSET")
    request: Any = models.CreateParcelRequest
    assert request().to_dict() == {}
    assert request(False, note=None).to_dict() == {"isExpress": False, "note": None}
    assert request(None).to_dict() == {"isExpress": None}
    assert request.from_dict({}) == request(UNSET)
    with pytest.raises(ValueError, match="boolean"):
        request.from_dict({"isExpress": None})


def test_an_open_enumeration() -> None:
    cases: list[Any] = [(Mark, "this side up", "FRAGILE"), (Level, 9, 5)]
    for kind, known, unknown in cases:
        member, found = decode.member(known, kind), decode.member(unknown, kind)
        assert member is kind(known)
        assert (member.is_known, found.is_known) == (True, False)
        assert found == unknown == found.value
        assert (hash(found), str(found), type(found)) == (hash(unknown), str(unknown), kind)
        assert repr(unknown) in repr(found)
        assert found not in [*kind]
        for again in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
            assert (type(again), again, again.is_known) == (kind, unknown, False)
        with pytest.raises(ValueError, match="None is not a valid"):
            kind(None)


maybe_integer = partial(decode.nullable, decoder=decode.integer)
strings = partial(decode.array, decoder=decode.string)


def date_or_string(value: Any) -> Any:
    return decode.union(value, decode.date, decode.string, decode.string)


def test_what_fits_and_what_does_not() -> None:
    cases: list[tuple[Callable[[Any], Any], list[Any], str, list[Any]]] = [
        (decode.anything, [({"a": [1]}, {"a": [1]})], "a value", [UNSET]),
        (decode.null, [(None, None)], "null", [0, "a-secret"]),
        (decode.string, [("", "")], "string", [1, UNSET]),
        (decode.boolean, [(False, False)], "boolean", [1, "true"]),
        (decode.integer, [(7.0, 7), (7, 7)], "integer", [True, 1.5, float("inf"), "a-secret"]),
        (decode.number, [(7, 7), (7.5, 7.5)], "number", [False, "1.5"]),
        (decode.date, [("2026-11-24", DAY)], "date string", ["24.11.2026", 20261124, "a-secret"]),
        (decode.date_time, [("2026-11-24T12:00:00Z", NOON)], "date-time string", ["noon", 1]),
        (decode.date_time, [("2026-11-24T14:00:00.25+02:00", LATER)], "date-time string", []),
        (decode.unique_id, [(str(ID).upper(), ID)], "UUID string", ["1234", "a-secret"]),
        (models.Parcel.from_dict, [], "object", ["a-secret", [], b"{}", None]),
        (partial(decode.constant, only="cat"), [("cat", "cat")], "the constant 'cat'", ["dog"]),
        (partial(decode.constant, only=1), [(1, 1)], "the constant 1", [True]),
        (partial(decode.member, kind=Mark), [], "string", [None, 1, True, b"red", [], {}]),
        (partial(decode.member, kind=Level), [], "integer", [None, "9", True, 9.5, [], {}]),
        (decode.file, [], "bytes", ["x"]),
        (maybe_integer, [(None, None), (1, 1)], "integer or null", ["1"]),
        (strings, [(["a", "b"], ["a", "b"])], "array", [{}]),
        (decode.text_parser(decode.date), [(b"2026-11-24", DAY)], "date string", [b"\xff"]),
        (date_or_string, [("soon", "soon"), ("2026-11-24", DAY)], "date string or string", [[]]),
    ]
    for decoder, fits, expected, misfits in cases:
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
    names = ("CreateParcelRequest", "Size", "CreatedParcel", "Label", "Error")
    request, size, created, label, error = (getattr(models, name).from_dict for name in names)
    for value, best, other in (
        (PARCEL | LABEL, created, label),  # it declares the most of the fields that are there
        ({"marks": ["fragile"]}, request, size),
        ({"marks": ["fragile", "unheard of", "no"]}, size, request),
        ({"note": "a", "height": 7}, size, request),  # which allows no other field
    ):
        assert decode.union(value, best, other) == decode.union(value, other, best) == best(value)
    assert decode.union({}, size, error) == size({})
    assert decode.union("x", decode.string, decode.anything) == "x"
    told = {"a": label, "b": error}
    for kind, decoder in (("a", label), ("b", error), ("c", size)):
        value = {"kind": kind, **LABEL}
        assert decode.discriminated(value, "kind", told, size) == decoder(value)
    with pytest.raises(MismatchError, match="has to be object"):
        decode.discriminated(7, "kind", told, size)


def test_the_path_leads_there() -> None:
    def names(value: Any) -> dict[str, str]:
        return decode.additional(decode.fields(value), frozenset(), decode.string)

    rows = partial(decode.array, decoder=lambda value: decode.field(value, "a b", names))
    with pytest.raises(MismatchError) as caught:
        decode.field({"rows": [{"a b": {"n": "x"}}, {"a b": {"n": 1}}]}, "rows", rows)
    assert caught.value.path == "$.rows[1]['a b'].n"
    assert (caught.value.expected, caught.value.found) == ("string", "number")
    with pytest.raises(MismatchError, match=r"\$\.weight has to be no field, and is number"):
        models.CreateParcelRequest.from_dict({"note": "a", "weight": 7})


def test_query() -> None:
    cases: list[tuple[dict[str, Any], dict[str, str], str]] = [
        ({"a": None, "b": UNSET}, {}, ""),
        ({"a b": "x y&z=1+2/é"}, {}, "?a%20b=x%20y%26z%3D1%2B2%2F%C3%A9"),
        ({"a": True, "b": False, "c": 1.5, "d": ""}, {}, "?a=true&b=false&c=1.5&d="),
        ({"a": [1, 2]}, {}, "?a=1&a=2"),
        ({"a": [1, "x,y"], "b": []}, {"a": ",", "b": ","}, "?a=1,x%2Cy"),
        ({"a": ["x", "y|z"]}, {"a": "|"}, "?a=x%7Cy%7Cz"),
        ({"a": ["x", "y"]}, {"a": " "}, "?a=x%20y"),
        ({"a": {"x": 1, "y": [2, 3]}}, {"a": "deepObject"}, "?a[x]=1&a[y]=2&a[y]=3"),
        ({"a": {"x": 1, "y": UNSET}}, {"a": ","}, "?a=x,1"),
        ({"a": {"x": [1]}}, {"a": "json"}, "?a=%7B%22x%22%3A%5B1%5D%7D"),
        ({"a": {"x": 1, "y": UNSET}, "b": []}, {}, "?x=1"),
        ({"a": [Mark.FRAGILE, Mark("sky")], "b": ID}, {}, f"?a=fragile&a=sky&b={ID}"),
    ]
    for parameters, styles, query in cases:
        assert encode.query(parameters, styles) == query


def test_headers_and_cookies() -> None:
    values = {"X-A": 1, "X-B": None, "X-C": UNSET, "X-D": ["a", True], "X-E": {"a": 1}}
    sent = [("X-A", "1"), ("X-D", "a, true"), ("X-E", "a=1")]
    assert encode.headers(values, exploded=["X-E"]) == sent
    assert encode.cookies({"a": 1, "b": None}) == [("Cookie", "a=1")]
    assert encode.cookies({"b": UNSET}) == []
    no_header, no_cookie = ("a\r\nX-B: 1", "a\x00", "ключ", "\ud800"), ("a;b", "a b", 'a"b', "a,b")
    for value in (*no_header, *no_cookie):
        for refused in (encode.headers, encode.cookies)[value in no_cookie :]:
            with pytest.raises(InvalidRequestError, match="X-A") as caught:
                refused({"X-A": value})
            assert value not in str(caught.value)


def test_a_body_that_is_no_json_is_refused() -> None:
    itself: dict[str, Any] = {}
    itself["self"] = itself
    for value in (float("nan"), float("inf"), object(), {1}, b"x", "\ud800", {("a",): 1}, itself):
        with pytest.raises(InvalidRequestError, match="JSON") as caught:
            encode.json_body({"field": value})
        assert caught.value.__context__ is None


def test_a_body_of_all_that_json_knows_otherwise() -> None:
    for value, told in (
        *((DAY, "2026-11-24"), (ID, str(ID)), (Mark("sky"), "sky"), ((1, "é"), [1, "é"])),
        (MODEL, {"id": "1", "pickupCode": "2"}),
        (NOON, "2026-11-24T12:00:00Z"),
        (LATER, "2026-11-24T12:00:00.250Z"),
        (NOON.replace(microsecond=1), "2026-11-24T12:00:00.000001Z"),
        (NOON.replace(tzinfo=None), "2026-11-24T12:00:00"),
    ):
        body = json.dumps({"a": [told]}, ensure_ascii=False, separators=(",", ":"))
        assert encode.json_body({"a": [value]}) == body.encode()


def test_forms_parts_and_files() -> None:
    assert encode.form_body({"a": "x y", "b": [1, 2], "c": UNSET}) == b"a=x+y&b=1&b=2"
    body = partial(encode.optional_body, "other", models.ParcelSummary)
    with pytest.raises(InvalidRequestError, match="needs pickup_code as well"):
        body(("id", "pickup_code"), id="1", status=UNSET)
    assert body(("id",), id=UNSET) is UNSET
    assert body((), id="1", pickup_code="2") == MODEL
    file = File(io.BytesIO(b"abc"), "a.txt", "text/plain")
    assert encode.multipart({"f": [file], "n": 1, "o": {"a": 1}, "u": UNSET}) == [
        ("f", ("a.txt", file.payload, "text/plain")),
        ("n", (None, b"1", "text/plain")),
        ("o", (None, b'{"a":1}', "application/json")),
    ]
    assert decode.file(file) is file
    assert decode.file(b"x").payload.read() == decode.file_parser(b"x").payload.read() == b"x"
    for refused in (encode.query, encode.form_body, encode.multipart):
        with pytest.raises(InvalidRequestError, match="field holds half a surrogate pair"):
            refused({"field": "a\ud800"})
