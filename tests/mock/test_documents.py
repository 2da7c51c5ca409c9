"""Documents that look nothing like this package's own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sample.mock import DocumentError, Mock

from tests.mock._support import JSON, Reply, ask, one_operation, paths, said

PROBLEM = said({"type": "object", "properties": {"error": {"type": "string"}}})["200"]


def served(operation: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document with one operation, POST /things/{id}."""
    operation = {"responses": {"200": {"description": "Done."}, "4XX": PROBLEM}, **operation}
    whole = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    return paths({"/things/{id}": {"parameters": [whole], "post": operation}}, **more)


def post(
    document: dict[str, Any],
    target: str = "/things/1",
    body: bytes = b"",
    *headers: tuple[str, str],
) -> Reply:
    with Mock(document) as mock:
        return ask(mock, "POST", target, body, headers)


def query(name: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"parameters": [{"name": name, "in": "query", "schema": schema, **more}]}


URLENCODED = "application/x-www-form-urlencoded"
BINARY = "Content-Type: application/octet-stream\r\n\r\n\xff\x00\r\n"
ARRAY = {"type": "array", "items": {"type": "integer"}, "maxItems": 2}
FILTER = {
    "parameters": [
        {"name": "f", "in": "query", "content": {"application/json": {"schema": {"type": "array"}}}}
    ]
}
RANGE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}},
}


@pytest.mark.parametrize(
    ("operation", "target", "wrong"),
    [
        ({}, "/things/1", ""),
        ({}, "/things/one", "'id'"),
        ({}, "/things/01", "'id'"),
        (query("n", {"type": "number", "maximum": 2}), "/things/1?n=3e0", "(maximum)"),
        (query("n", {"type": "number"}), "/things/1?n=1e999", "(type)"),
        (query("n", {"type": "integer"}), "/things/1?n=1&n=2", "2 times"),
        (query("n", {"type": "integer"}), "/things/1?n=", "(type)"),
        (query("b", {"type": "boolean"}), "/things/1?b=yes", "(type)"),
        (query("s", {"type": "string"}), "/things/1?s=%FF", "UTF-8"),
        (query("s", {"type": "string"}, required=True), "/things/1", "is required"),
        (query("d", {"type": "string", "format": "date"}), "/things/1?d=2024-02-30", "(format)"),
        (query("a", ARRAY), "/things/1?a=1&a=2", ""),
        (query("a", ARRAY), "/things/1?a=1&a=x", "$[1]"),
        (query("a", ARRAY, explode=False), "/things/1?a=1,2,3", "(maxItems)"),
        (
            query("a", {**ARRAY, "items": {"const": "a,b"}}, explode=False),
            "/things/1?a=a%2Cb,a%2Cb",
            "",
        ),
        (query("a", ARRAY, style="pipeDelimited", explode=False), "/things/1?a=1|2", ""),
        (FILTER, "/things/1?f=%5B1%5D", ""),
        (FILTER, "/things/1?f=1", "(type)"),
        (FILTER, "/things/1?f=%5B", "not JSON"),
        (query("r", RANGE), "/things/1?from=1&to=2", ""),
        (query("r", RANGE), "/things/1?from=x", "$.from"),
        (query("r", RANGE, style="deepObject"), "/things/1?r[from]=1&r[to]=2", ""),
        (query("r", RANGE, style="deepObject"), "/things/1?r[other]=1", "other"),
        (query("r", RANGE, explode=False), "/things/1?r=from,1,to,x", "$.to"),
    ],
)
def test_parameters_are_checked(operation: dict[str, Any], target: str, wrong: str) -> None:
    reply = post(served(operation), target)
    if wrong:
        assert reply.status == 400
        assert wrong in reply.json["error"]
    else:
        assert reply.status == 200, reply.text


def test_headers_and_cookies_are_checked_and_an_operations_own_override_its_paths() -> None:
    whole = {"type": "integer"}
    operation = {
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"const": "x"}},
            {"name": "X-Page", "in": "header", "required": True, "schema": whole},
            {"name": "tab", "in": "cookie", "required": True, "schema": whole},
            {"name": "Accept", "in": "header", "required": True, "schema": {"const": "never"}},
        ]
    }
    page, tab = ("x-page", "1"), ("cookie", "a=b; tab=2")
    for target, headers, wrong in (
        ("/things/x", [page, tab], ""),
        ("/things/1", [page, tab], "'id'"),
        ("/things/x", [tab], "'X-Page'"),
        ("/things/x", [page], "'tab'"),
        ("/things/x", [("x-page", "one"), tab], "'X-Page'"),
    ):
        reply = post(served(operation), target, b"", *headers)
        assert reply.status == (400 if wrong else 200)
        assert wrong in reply.text


def test_only_documented_media_types_are_taken() -> None:
    content: dict[str, Any] = {
        "application/json": {},
        "multipart/form-data": {},
        "image/*": {},
    }
    responses = {"200": {"description": "Done."}, "415": PROBLEM, "400": PROBLEM}
    document = served({"requestBody": {"content": content}, "responses": responses})
    for media_type, status in (
        ("application/json", 200),
        ("multipart/form-data; boundary=b", 200),
        ("image/png", 200),
        ("text/plain", 415),
        ("", 415),
    ):
        header = ("content-type", media_type)
        assert post(document, "/things/1", b'{"a": 1}', header).status == status


def test_a_body_may_be_left_out_and_what_is_read_only_in_it() -> None:
    schema = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    components = {"schemas": {"Thing": schema}, "requestBodies": {"Thing": body}}
    reference = {"requestBody": {"$ref": "#/components/requestBodies/Thing"}}
    document = served(reference, components=components)
    assert post(document).status == 200
    assert post(document, "/things/1", b'{"name":"x"}', JSON).status == 200
    assert "name" in post(document, "/things/1", b'{"id":1}', JSON).json["error"]


FORM = {
    "type": "object",
    "properties": {
        "n": {"type": "integer"},
        "a": {"type": "array", "items": {"type": "integer"}},
        "o": {"type": "object"},
        "f": {"type": "string", "format": "binary"},
    },
}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"n": "1"}, ""),
        ({"n": "AAA"}, "$.n"),
        ({"a": "1", "o": '{"b":1}'}, ""),
        ({"a": "x"}, "$.a[0]"),
        ({"o": "{"}, "$.o"),
    ],
)
def test_forms_are_checked(fields: dict[str, str], wrong: str) -> None:
    content = {name: {"schema": FORM} for name in (URLENCODED, "multipart/form-data")}
    document = served({"requestBody": {"content": content}})
    file = "--B\r\nContent-Disposition: form-data; name=f; filename=x\r\n" + BINARY
    parts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields.items()
    )
    for media_type, body in (
        (URLENCODED, urlencode(fields)),
        ("multipart/form-data; boundary=B", f"{file}{parts}--B--\r\n"),
    ):
        reply = post(document, "/things/1", body.encode("latin-1"), ("content-type", media_type))
        assert reply.status == (400 if wrong else 200), reply.text
        assert wrong in reply.text


def answering(responses: dict[str, Any]) -> dict[str, Any]:
    return served({"responses": responses})


def text(media_type: str, **media: Any) -> dict[str, Any]:
    return {"description": "Text.", "content": {media_type: media}}


@pytest.mark.parametrize(
    ("responses", "status", "body"),
    [
        ({"202": {"description": "Later."}, "400": PROBLEM}, 202, b""),
        ({"204": {"description": "None."}, "201": text("text/plain", example="hi")}, 201, b"hi"),
        ({"2XX": text("application/json", example=[1])}, 200, b"[1]"),
        ({"default": text("application/json", example=[1])}, 200, b"[1]"),
        ({"302": {"description": "There."}, "default": PROBLEM}, 302, b""),
        ({"400": PROBLEM}, 400, b"{}"),
        ({"200": text("text/csv", example="a,b\n")}, 200, b"a,b\n"),
        ({"200": text("text/plain", schema={"type": "string", "enum": ["on"]})}, 200, b"on"),
        ({"200": text("application/pdf", schema={"format": "binary"})}, 200, b""),
        ({"200": text("application/problem+json", schema={"const": 1})}, 200, b"1"),
        ({"200": text("*/*", schema={"const": "all"})}, 200, b'"all"'),
        ({"200": text("*/*")}, 200, b"{}"),
    ],
)
def test_the_documented_success_is_answered(
    responses: dict[str, Any], status: int, body: bytes
) -> None:
    reply = post(answering(responses))
    assert (reply.status, reply.body) == (status, body)


def test_the_media_type_that_is_asked_for_is_answered_with_documented_headers() -> None:
    content = {"text/csv": {"example": "a"}, "application/json": {"example": {}}}
    headers = {
        "X-Left": {"schema": {"type": "integer"}, "example": 9},
        "X-Kind": {"required": True, "schema": {"enum": ["a"]}},
        "X-Rare": {"schema": {"type": "string"}},
        "Content-Encoding": {"schema": {"type": "string"}, "example": "gzip"},
        "Content-Length": {"schema": {"type": "integer"}, "example": 9},
    }
    document = answering({"200": {"description": "Both.", "content": content, "headers": headers}})
    for accept, expected in (
        ("text/csv", "text/csv"),
        ("text/*;q=0.5, application/json", "application/json"),
        ("text/*", "text/csv"),
        ("text/csv;q=0, */*", "application/json"),
        ("image/png", "application/json"),
    ):
        reply = post(document, "/things/1", b"", ("accept", accept))
        assert reply.headers == {"content-type": expected, "x-left": "9", "x-kind": "a"}


HEADER = {"type": "apiKey", "in": "header", "name": "X-Key"}
BEARER = {"type": "http", "scheme": "bearer"}
BASIC = {"type": "http", "scheme": "basic"}


@pytest.mark.parametrize(
    ("schemes", "header", "status"),
    [
        ([HEADER], ("", ""), 401),
        ([HEADER], ("X-Key", "secret"), 200),
        ([{"type": "apiKey", "in": "cookie", "name": "k"}], ("Cookie", "k=secret"), 200),
        ([{"type": "apiKey", "in": "query", "name": "key"}], ("", ""), 200),
        ([{"type": "apiKey", "in": "query", "name": "none"}], ("", ""), 401),
        ([BASIC], ("Authorization", "Basic c2VjcmV0"), 200),
        ([BASIC], ("Authorization", "Bearer secret"), 401),
        ([{"type": "oauth2", "flows": {}}], ("Authorization", "Bearer secret"), 200),
        ([{"type": "mutualTLS"}], ("", ""), 200),
        ([BEARER, HEADER], ("Authorization", "Bearer secret"), 401),
    ],
)
def test_security_is_the_documents(schemes: Any, header: tuple[str, str], status: int) -> None:
    named = {str(number): scheme for number, scheme in enumerate(schemes)}
    required: dict[str, list[str]] = {name: [] for name in named}
    for security, expected in (([required], status), ([required, {}], 200)):
        document = served({}, components={"securitySchemes": named}, security=security)
        assert post(document, "/things/1?key=x", b"", header).status == expected


def test_fixed_paths_go_before_variable_ones() -> None:
    def item(value: str) -> dict[str, Any]:
        return {"get": {"responses": {"200": text("text/plain", example=value)}}}

    values = {"/{a}/{b}": "any", "/things/{b}": "thing", "/things/{b}.json": "file"}
    document = paths({path: item(value) for path, value in values.items()})
    document["paths"]["/things/mine"] = item("mine")
    with Mock(document) as mock:
        found = {
            path: ask(mock, "GET", path, headers=()).text
            for path in ("/x/y", "/things/y", "/things/mine", "/things/y.json", "/things/%6Dine")
        }
    assert list(found.values()) == ["any", "thing", "mine", "file", "thing"]


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"swagger": "2.0"}, "says None"),
        ({"openapi": "3.0.3", "paths": {}}, "make generate"),
        (one_operation({"$ref": "other.yaml#/A"}), "leaves the document"),
        (one_operation({"$ref": "#/components/schemas/None"}), "does not exist"),
        (one_operation({"type": "strange"}), "GET /thing, response 200"),
        (answering({}), "no response"),
        (served({"security": [{"none": []}]}), "no security scheme 'none'"),
        (served({"parameters": [{"in": "query"}]}), "POST /things/{id}"),
        (
            paths({f"/a/{{{one}}}": {"get": {"responses": {"200": {}}}} for one in "xy"}),
            "same path",
        ),
        ({"openapi": "3.1.0", "paths": [1]}, "not valid OpenAPI"),
        ({"openapi": "3.1.0", "paths": {"/x": {"get": 1}}}, "not valid OpenAPI"),
        ({"openapi": "3.1.0", "servers": {"url": "/"}}, "not valid OpenAPI"),
    ],
)
def test_a_document_that_cannot_be_served_says_why(document: dict[str, Any], text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Mock(document)
    assert text in str(caught.value)
