"""What the engine takes and refuses, on the tests' own document."""

from __future__ import annotations

from typing import Any

import pytest
from sample.mock import MockSample

from tests.mock._support import JSON, KEY, PARCELS, ask


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic b25l", "one", "Bearerone"]
)
def test_without_a_key_there_is_no_answer(mock: MockSample, header: str | None) -> None:
    headers = [JSON] if header is None else [JSON, ("Authorization", header)]
    reply = ask(mock, "POST", PARCELS, {}, headers)
    assert reply.status == 401
    assert reply.json == {"error": "The API key is missing"}
    assert reply.headers["www-authenticate"] == "Bearer"
    assert ask(mock, "GET", PARCELS).json == []


def test_only_the_given_keys_are_accepted_when_some_are_given() -> None:
    with MockSample(api_keys=["good"]) as mock:
        good, bad = ("Authorization", "Bearer good"), ("Authorization", "Bearer bad")
        assert ask(mock, "GET", PARCELS, headers=[good]).status == 200
        reply = ask(mock, "GET", PARCELS, headers=[bad])
        assert (reply.status, reply.json) == (401, {"error": "The API key is not known"})
    with pytest.raises(TypeError, match="list of keys"):
        MockSample(api_keys="secret")


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b"{", ["not JSON"]),
        (b"\xff", ["not JSON"]),
        (b"NaN", ["not JSON"]),
        (b"[" * 100_000, ["not JSON"]),
        (b"", ["request body: is required, and missing"]),
        (b'{"isExpress": 1}', ["$.isExpress", "(type)"]),
        (b'{"isExpress": 1e999}', ["$.isExpress", "(type)"]),
        (b'{"isExpress": "hush"}', ["the value is not of type"]),
        (b'{"extra": 1}', ["$: ", "(additionalProperties)"]),
        (b"null", ["$: ", "(type)"]),
        (b'{"\\ud800": true}', ["$: ", "surrogate"]),
    ],
)
def test_a_wrong_body_is_told_by_path_and_rule_and_never_shown(
    mock: MockSample, body: bytes, parts: list[str]
) -> None:
    reply = ask(mock, "POST", PARCELS, body)
    assert reply.status == 400
    assert all(part in reply.json["error"] for part in parts), reply.json
    assert "hush" not in reply.text


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (None, 400),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        ("Application/JSON; charset=utf-8", 201),
    ],
)
def test_the_media_type_of_a_body(mock: MockSample, content_type: str | None, status: int) -> None:
    headers = [KEY] if content_type is None else [KEY, ("content-type", content_type)]
    reply = ask(mock, "POST", PARCELS, b"{}", headers)
    assert reply.status == status
    assert status == 201 or "application/json" in reply.json["error"]


@pytest.mark.parametrize(
    ("path", "body", "headers", "stray"),
    [
        ("/label", b"", [KEY, JSON], ""),
        ("/label", b"{}", [KEY, JSON], ""),
        (
            "/label",
            b'{"a":1}',
            [KEY, JSON],
            "request body: none is documented; send nothing, or {}",
        ),
        ("/label", b"", [KEY], "Content-Type: application/json is asked for on every request"),
        ("", b"", [KEY, JSON], ""),
        ("", b'{"isExpress":true,"a":1}', [KEY, JSON], "keys that are not documented: 'a'"),
    ],
)
def test_what_is_not_described_is_taken_and_told_or_refused_where_it_is_strict(
    document: dict[str, Any], path: str, body: bytes, headers: Any, stray: str
) -> None:
    del document["components"]["schemas"]["CreateParcelRequest"]["additionalProperties"]
    document["paths"]["/parcels"]["post"]["requestBody"]["required"] = False
    for strict in (False, True):
        with MockSample(document, strict=strict) as mock:
            parcel = ask(mock, "POST", PARCELS, {}).json["id"]
            target = f"{PARCELS}/{parcel}{path}" if path else PARCELS
            reply = ask(mock, "POST", target, body, headers)
            entry = mock.calls()[-1]
        assert reply.status == (400 if strict and stray else 201 if not path else 200)
        told = entry.request_problem if strict else entry.strict_problem
        assert stray in str(told) if stray else told is None


@pytest.mark.parametrize("target", ["/", "", "/parcels", PARCELS + "/", "/v1", PARCELS.upper()])
def test_another_path_is_a_404(mock: MockSample, target: str) -> None:
    assert ask(mock, "GET", target).status == 404


@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS", "BREW"])
def test_another_method_is_a_405_that_says_what_is_allowed(mock: MockSample, method: str) -> None:
    reply = ask(mock, method, PARCELS)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


def test_the_path_of_the_first_server_is_the_base_path(document: dict[str, object]) -> None:
    version = {"version": {"default": "v9"}}
    document["servers"] = [{"url": "https://{host}/{version}/", "variables": version}]
    with MockSample(document) as mock:
        assert ask(mock, "GET", "/v9/parcels").status == 200
        assert mock.base_url.endswith("/v9")
    del document["servers"]
    with MockSample(document) as mock:
        assert ask(mock, "GET", "/parcels").status == 200
