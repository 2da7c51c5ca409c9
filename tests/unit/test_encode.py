from __future__ import annotations

import datetime
import io
import json
import uuid
from typing import Any

import pytest
from sample import InvalidRequestError, NotFoundError

# V1 has path segments and JSON bodies only; the rest is there for other documents.
from sample._core import encode
from sample.models import ParcelSummary
from sample.types import UNSET, File, OpenStrEnum

from tests.unit._support import Script, call

SEGMENTS_REFUSED: list[Any] = [
    *("", ".", "..", "/", "a/b", "../clients", "a\\b", "\x00", "a\nb", "a\x1f", "\x7f", "\x85"),
    *("\ud800", None, 42, True, 1.5, b"parcel-1", ["parcel-1"]),
]


def test_what_cannot_be_a_path_segment_is_not_sent() -> None:
    script = Script((404, {"error": "no"}))
    for parcel_id in SEGMENTS_REFUSED:
        with pytest.raises(InvalidRequestError, match="parcel_id") as refused:
            call("sync", script, "renew_label", parcel_id)
        assert (refused.value.maybe_processed, script.requests) == (False, [])
    for parcel_id in ("...", "%2F"):  # tests/contract has more
        with pytest.raises(NotFoundError):
            call("sync", script, "renew_label", parcel_id)
        path = script.requests[-1].url.raw_path.decode()
        assert path == f"/api/v1/parcels/{parcel_id.replace('%', '%25')}/label"


MODEL = ParcelSummary("1", "2")


class Size(OpenStrEnum):
    SMALL = "small"


ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
DAY = datetime.date(2026, 11, 24)
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("parameters", "styles", "query"),
    [
        ({}, {}, ""),
        ({"a": None, "b": UNSET}, {}, ""),
        ({"a": "x y&z=1+2/é"}, {}, "?a=x%20y%26z%3D1%2B2%2F%C3%A9"),
        ({"a b": 1}, {}, "?a%20b=1"),
        ({"a": True, "b": False}, {}, "?a=true&b=false"),
        ({"a": [1, 2]}, {}, "?a=1&a=2"),
        ({"a": [1, "x,y"], "b": []}, {"a": ",", "b": ","}, "?a=1,x%2Cy"),
        ({"a": ["x", "y|z"]}, {"a": "|"}, "?a=x%7Cy%7Cz"),
        ({"a": ["x", "y"]}, {"a": " "}, "?a=x%20y"),
        ({"a": {"x": 1, "y": [2, 3]}}, {"a": "deepObject"}, "?a[x]=1&a[y]=2&a[y]=3"),
        ({"a": {"x": 1, "y": UNSET}}, {"a": ","}, "?a=x,1"),
        ({"a": {"x": [1]}}, {"a": "json"}, "?a=%7B%22x%22%3A%5B1%5D%7D"),
        ({"a": []}, {}, ""),
        ({"a": {"x": 1, "y": UNSET}}, {}, "?x=1"),
        ({"a": Size.SMALL, "b": Size("huge")}, {}, "?a=small&b=huge"),
        ({"a": DAY, "b": ID}, {}, f"?a=2026-11-24&b={ID}"),
        ({"a": 1.5, "b": ""}, {}, "?a=1.5&b="),
    ],
)
def test_query(parameters: dict[str, Any], styles: dict[str, str], query: str) -> None:
    assert encode.query(parameters, styles) == query


def test_headers_and_cookies() -> None:
    values = {"X-A": 1, "X-B": None, "X-C": UNSET, "X-D": ["a", True], "X-E": {"a": 1}}
    sent = [("X-A", "1"), ("X-D", "a, true"), ("X-E", "a=1")]
    assert encode.headers(values, exploded=["X-E"]) == sent
    assert encode.cookies({"a": 1, "b": None}) == [("Cookie", "a=1")]
    assert encode.cookies({"b": UNSET}) == []


def test_what_cannot_stand_in_a_header_or_a_cookie() -> None:
    for value in ("a\r\nX-B: 1", "a\x00", "ключ", "\ud800"):
        for refused in (encode.headers, encode.cookies):
            with pytest.raises(InvalidRequestError, match="X-A") as caught:
                refused({"X-A": value})
            assert value not in str(caught.value)
    for value in ("a;b", "a b", 'a"b', "a,b"):
        with pytest.raises(InvalidRequestError, match="name"):
            encode.cookies({"name": value})


def test_a_body_that_is_no_json_is_refused() -> None:
    itself: dict[str, Any] = {}
    itself["self"] = itself
    for value in (float("nan"), float("inf"), object(), {1}, b"x", "\ud800", {("a",): 1}, itself):
        with pytest.raises(InvalidRequestError, match="JSON") as caught:
            encode.json_body({"field": value})
        assert caught.value.__context__ is None


def test_a_body_of_all_that_json_knows_otherwise() -> None:
    times = [NOON, NOON.replace(microsecond=250_000), NOON.replace(microsecond=1)]
    body = {"day": DAY, "id": ID, "size": Size("huge"), "pair": (1, 2), "model": MODEL}
    body["times"] = [*times, NOON.replace(tzinfo=None)]
    assert json.loads(encode.json_body(body)) == {
        "day": "2026-11-24",
        "id": str(ID),
        "size": "huge",
        "pair": [1, 2],
        "model": {"id": "1", "pickupCode": "2"},
        "times": [
            *("2026-11-24T12:00:00Z", "2026-11-24T12:00:00.250Z", "2026-11-24T12:00:00.000001Z"),
            "2026-11-24T12:00:00",
        ],
    }


def test_forms_and_parts() -> None:
    assert encode.form_body({"a": "x y", "b": [1, 2], "c": UNSET}) == b"a=x+y&b=1&b=2"
    with pytest.raises(InvalidRequestError, match="needs pickup_code as well"):
        encode.optional_body("other", ParcelSummary, ("id", "pickup_code"), id="1", status=UNSET)
    assert encode.optional_body("other", ParcelSummary, ("id",), id=UNSET) is UNSET
    assert encode.optional_body("other", ParcelSummary, (), id="1", pickup_code="2") == MODEL
    file = File(io.BytesIO(b"abc"), "a.txt", "text/plain")
    assert encode.multipart({"f": [file], "n": 1, "o": {"a": 1}, "u": UNSET}) == [
        ("f", ("a.txt", file.payload, "text/plain")),
        ("n", (None, b"1", "text/plain")),
        ("o", (None, b'{"a":1}', "application/json")),
    ]
    for refused in (encode.query, encode.form_body, encode.multipart):
        with pytest.raises(InvalidRequestError, match="field holds half a surrogate pair"):
            refused({"field": "a\ud800"})
