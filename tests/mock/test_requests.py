"""What the engine takes and refuses, on the tests' own document; see test_documents.py, too."""

from __future__ import annotations

from typing import Any

import pytest
from sample.mock import MockSample

from tests.mock._support import JSON, KEY, PARCELS, ask


def test_only_keys_that_are_known_are_accepted(mock: MockSample) -> None:
    for header in (None, "", "Bearer", "Bearer ", "Basic b25l", "one", "Bearerone"):
        headers = [JSON] if header is None else [JSON, ("Authorization", header)]
        reply = ask(mock, "POST", PARCELS, {}, headers)
        assert (reply.status, reply.json) == (401, {"error": "The API key is missing"})
        assert reply.headers["www-authenticate"] == "Bearer"
    assert ask(mock, "GET", PARCELS).json == []
    with MockSample(api_keys=["one"]) as strict:
        assert ask(strict, "GET", PARCELS).status == 200
        reply = ask(strict, "GET", PARCELS, headers=[("Authorization", "Bearer two")])
        assert (reply.status, reply.json) == (401, {"error": "The API key is not known"})
    with pytest.raises(TypeError, match="list of keys"):
        MockSample(api_keys="secret")


@pytest.mark.parametrize(
    ("path", "body", "headers", "stray"),
    [
        ("/label", b"", [KEY, JSON], ""),
        ("/label", b"{}", [KEY, JSON], ""),
        ("/label", b'{"a":1}', [KEY, JSON], "body: none is documented; send nothing, or {}"),
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


def test_another_path_is_a_404_and_another_method_a_405(mock: MockSample) -> None:
    for target in ("/", "", "/parcels", PARCELS + "/", "/v1", PARCELS.upper()):
        assert ask(mock, "GET", target).status == 404
    for method in ("PUT", "HEAD", "OPTIONS", "BREW"):
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
