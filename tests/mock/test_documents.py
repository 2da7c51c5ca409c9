"""What the engine takes and answers: the document's example, else the smallest value that fits."""

from __future__ import annotations

from itertools import product
from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import pytest
from sample.mock import DocumentError, Mock, MockSample

from tests.mock._support import (
    JSON,
    KEY,
    PARCELS,
    TEXT,
    WHOLE,
    Reply,
    ask,
    fields,
    get_thing,
    list_of,
    one_operation,
    paths,
    said,
)

PROBLEM = said(fields(error=TEXT))["200"]


def served(operation: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document with one operation, POST /things/{id}."""
    operation = {"responses": {"200": {"description": "Done."}, "4XX": PROBLEM}, **operation}
    return paths({"/things/{id}": {**query("id", WHOLE, "path"), "post": operation}}, **more)


def post(
    document: dict[str, Any], target: str = "", body: bytes = b"", *headers: tuple[str, str]
) -> Reply:
    with Mock(document) as mock:
        return ask(mock, "POST", target or "/things/1", body, headers)


def query(name: str, schema: Any, at: str = "query", **more: Any) -> dict[str, Any]:
    return {"parameters": [{"name": name, "in": at, "schema": schema, **more}]}


def body(schema: Any, *media_types: str) -> dict[str, Any]:
    return {"requestBody": {"content": {name: {"schema": schema} for name in media_types}}}


def form(wrong: str, **fields: str) -> list[Any]:
    """A form as a case of the table below, once for each way to write it."""
    file = "--B\r\nContent-Disposition: form-data; name=f; filename=x\r\n" + BINARY
    parts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields.items()
    )
    multipart = f"{file}{parts}--B--\r\n".encode("latin-1")
    return [
        (FORM, wrong, "", urlencode(fields).encode(), ("content-type", URLENCODED)),
        (FORM, wrong, "", multipart, ("content-type", "multipart/form-data; boundary=B")),
    ]


URLENCODED = "application/x-www-form-urlencoded"
BINARY = "Content-Type: application/octet-stream\r\n\r\n\xff\x00\r\n"
ARRAY = list_of(WHOLE, maxItems=2)
JSON_PARAMETER = {"application/json": {"schema": {"type": "array"}}}
FILTER = {"parameters": [{"name": "f", "in": "query", "content": JSON_PARAMETER}]}
RANGE = {**fields(**{"from": WHOLE, "to": WHOLE}), "additionalProperties": False}
COMMAS = list_of({"const": "a,b"})
FIELDS = fields(n=WHOLE, a=list_of(WHOLE), o=fields(), f={**TEXT, "format": "binary"})
FORM = body(FIELDS, URLENCODED, "multipart/form-data")
THING = fields("id", "name", id={**WHOLE, "readOnly": True}, name=TEXT)
BODY = body(THING, "application/json")
NEEDED = {"requestBody": {**BODY["requestBody"], "required": True}}
MEDIA = body(True, "application/json", "multipart/form-data", "image/*")
PAGE = query("X-Page", WHOLE, "header", required=True)
TAB = query("tab", WHOLE, "cookie", required=True)


@pytest.mark.parametrize(
    "case",
    [
        ({}, ""),
        ({}, "'id'", "/things/one"),
        (query("id", {"const": "x"}, "path"), "", "/things/x"),  # before that of the path item
        (query("id", {"const": "x"}, "path"), "'id'", "/things/1"),
        (query("n", {"type": "number", "maximum": 2}), "(maximum)", "/things/1?n=3e0"),
        (query("n", WHOLE), "2 times", "/things/1?n=1&n=2"),
        (query("n", WHOLE), "(type)", "/things/1?n="),
        (query("s", TEXT), "UTF-8", "/things/1?s=%FF"),
        (query("s", TEXT, required=True), "is required"),
        (query("d", {"type": "string", "format": "date"}), "(format)", "/things/1?d=2024-02-30"),
        (query("a", ARRAY), "$[1]", "/things/1?a=1&a=x"),
        (query("a", ARRAY, explode=False), "(maxItems)", "/things/1?a=1,2,3"),
        (query("a", COMMAS, explode=False), "", "/things/1?a=a%2Cb,a%2Cb"),
        (query("a", ARRAY, style="pipeDelimited", explode=False), "", "/things/1?a=1|2"),
        (query("a", ARRAY, style="matrix"), "", "/things/1?a=x"),  # is not taken apart
        (FILTER, "", "/things/1?f=%5B1%5D"),
        (FILTER, "not JSON", "/things/1?f=%5B"),
        (query("r", RANGE), "$.from", "/things/1?from=x"),
        (query("r", RANGE, style="deepObject"), "other", "/things/1?r[other]=1"),
        (query("r", RANGE, explode=False), "$.to", "/things/1?r=from,1,to,x"),
        (PAGE, "'X-Page'", "", b"", ("x-page", "one")),
        (PAGE, "'X-Page'"),
        (TAB, "", "", b"", ("cookie", "a=b; tab=2")),
        (TAB, "'tab'", "", b"", ("cookie", "a=b")),
        (query("Accept", {"const": "never"}, "header", required=True), ""),  # says OpenAPI
        (BODY, ""),
        (NEEDED, "request body: is required, and missing"),
        ({"requestBody": {"$ref": "#/components/requestBodies/Thing"}}, "$: ", "", b"{}", JSON),
        (BODY, "", "", b'{"name":"x"}', ("content-type", "Application/JSON; charset=utf-8")),
        (BODY, "$: ", "", b'{"id":1}', JSON),
        (BODY, "$.id: the value is not of type", "", b'{"name":"x","id":"hush"}', JSON),
        (BODY, "$.id: the value", "", b'{"name":"x","id":1e999}', JSON),
        (BODY, "surrogate", "", b'{"\\ud800": true}', JSON),
        *((BODY, "not JSON", "", wrong, JSON) for wrong in (b"{", b"\xff", b"NaN", b"[" * 100_000)),
        (MEDIA, "", "", b"", ("content-type", "multipart/form-data; boundary=b")),
        (MEDIA, "", "", b"{}", ("content-type", "image/png")),
        (MEDIA, "came with text/plain", "", b"{}", ("content-type", "text/plain")),
        (MEDIA, "came with no Content-Type", "", b"{}"),
        (FORM, "request body: is not UTF-8", "", b"n=\xff", ("content-type", URLENCODED)),
        *form("", n="1"),
        *form("$.n", n="AAA"),
        *form("", a="1", o='{"b":1}'),
        *form("$.a[0]", a="x"),
        *form("$.o", o="{"),
    ],
)
def test_requests_are_checked(case: Any) -> None:
    operation, wrong, *request = case
    by_reference = body({"$ref": "#/components/schemas/Thing"}, "application/json")
    bodies = {"Thing": by_reference["requestBody"]}
    components = {"schemas": {"Thing": THING}, "requestBodies": bodies}
    reply = post(served(operation, components=components), *request)
    assert reply.status == (415 if "came" in wrong else 400 if wrong else 200), reply.text
    assert wrong in reply.text
    assert "hush" not in reply.text


def answering(responses: dict[str, Any]) -> dict[str, Any]:
    return served({"responses": responses})


def text(media_type: str, **media: Any) -> dict[str, Any]:
    return {"description": "Text.", "content": {media_type: media}}


@pytest.mark.parametrize(
    ("responses", "status", "body"),
    [
        ({"204": {"description": "None."}, "201": text("text/plain", example="hi")}, 201, b"hi"),
        ({"2XX": text("application/json", example=[1])}, 200, b"[1]"),
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
        "X-Left": {"schema": WHOLE, "example": 9},
        "X-Kind": {"required": True, "schema": {"enum": ["a"]}},
        "X-Rare": {"schema": TEXT},
        "Content-Length": {"schema": WHOLE, "example": 9},
    }
    document = answering({"200": {"description": "Both.", "content": content, "headers": headers}})
    for accept, expected in (("Text/CSV, */*", "text/csv"), ("image/png", "application/json")):
        reply = post(document, "", b"", ("accept", accept))
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

    known = ("/{a}/{b}", "/things/{b}", "/things/{b}.json", "/things/mine")
    asked = ("/x/y", "/things/y", "/things/y.json", "/things/mine", "/things/%6Dine")
    with Mock(paths({path: item(path) for path in known})) as mock:
        found = [ask(mock, "GET", path, headers=()).text for path in asked]
    assert found == [*known, "/things/{b}"]


REFERENCE = {"$ref": "#/components/schemas/A"}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"swagger": "2.0"}, "says None"),
        ({"openapi": "3.0.3", "paths": {}}, "make generate"),
        (one_operation({"$ref": "other.yaml#/A"}), "leaves the document"),
        (one_operation({"$ref": "#/components/schemas/None"}), "does not exist"),
        (one_operation(REFERENCE, schemas={"A": REFERENCE}), "recursion"),
        (one_operation({"type": "strange"}), "GET /thing, response 200"),
        (answering({}), "no response"),
        (served({"security": [{"none": []}]}), "not valid OpenAPI (KeyError('none'))"),
        (served({"parameters": [REFERENCE]}), "leads nowhere"),
        (
            paths({path: {"get": {"responses": {"200": {}}}} for path in ("/{a}", "/{b}")}),
            "same path",
        ),
        ({"openapi": "3.1.0", "paths": [1]}, "not valid OpenAPI"),
        ({"openapi": "3.1.0", "servers": {"url": "/"}}, "not valid OpenAPI"),
    ],
)
def test_a_document_that_cannot_be_served_says_why(document: dict[str, Any], text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Mock(document)
    assert text in str(caught.value)


def test_one_text_is_no_list_of_keys() -> None:
    with pytest.raises(TypeError, match="list of keys"):
        MockSample(api_keys="secret")


def test_what_is_not_described_is_taken_and_told_or_refused_where_it_is_strict(
    document: dict[str, Any],
) -> None:
    del document["components"]["schemas"]["CreateParcelRequest"]["additionalProperties"]
    cases: list[tuple[str, bytes, list[tuple[str, str]], str]] = [
        ("/label", b"{}", [KEY, JSON], ""),
        ("/label", b'{"a":1}', [KEY, JSON], "body: none is documented; send nothing, or {}"),
        ("/label", b"", [KEY], "Content-Type: application/json is asked for on every request"),
        ("", b'{"isExpress":true,"a":1}', [KEY, JSON], "keys that are not documented: 'a'"),
    ]
    for strict, (path, body, headers, stray) in product((False, True), cases):
        with MockSample(document, strict=strict) as mock:
            parcel = ask(mock, "POST", PARCELS, {}).json["id"]
            target = f"{PARCELS}/{parcel}{path}" if path else PARCELS
            reply = ask(mock, "POST", target, body, headers)
            entry = mock.calls()[-1]
        assert reply.status == (400 if strict and stray else 200 if path else 201)
        told = entry.request_problem if strict else entry.strict_problem
        assert stray in (told or "")
        assert bool(told) is bool(stray)


def test_the_path_of_the_first_server_is_the_base_path(document: dict[str, object]) -> None:
    version = {"version": {"default": "v9"}}
    servers = [{"url": "https://{host}/{version}/", "variables": version}]
    for given, path in ((servers, "/v9"), ([], "")):
        document["servers"] = given
        with MockSample(document) as mock:
            assert ask(mock, "GET", f"{path}/parcels").status == 200
            assert mock.base_url.endswith(path)


PERSON = fields("name", name=TEXT, age=WHOLE)
FORMATS = ("date", "date-time", "duration", "email", "uuid", "uri", "hostname", "ipv6", "own")
SCHEMAS: list[Any] = [
    True,
    {"type": "string", "minLength": 42, "maxLength": 44},
    {"type": "string", "maxLength": 2},
    *({"type": "string", "format": form} for form in FORMATS),
    {"type": "string", "pattern": r"^0x[a-fA-F0-9]{40}$"},
    {"type": "integer", "exclusiveMinimum": 5, "maximum": 6},
    {"type": "number", "minimum": 1, "multipleOf": 0.75},
    {"type": "integer", "maximum": -10},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": ["null", "boolean"]},
    {"const": {"a": [1]}},
    list_of(WHOLE, minItems=3),
    {"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}},
    {"allOf": [PERSON, {"required": ["age"], "properties": {"age": {"minimum": 18}}}]},
    {"anyOf": [{"type": "null"}, PERSON]},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_schema_without_examples_gets_a_value_that_fits(schema: Any) -> None:
    reply = get_thing(one_operation(schema))
    assert reply.status == 200, reply.text
    jsonschema_rs.validate(schema, reply.json, validate_formats=True)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[a-z]{3}-[0-9]{4}$"},
        {"$ref": "#/components/schemas/Endless"},
        False,
    ],
)
def test_where_none_can_be_made_the_missing_example_is_named(schema: Any) -> None:
    endless = fields("a", a={"$ref": "#/components/schemas/Endless"})
    reply = get_thing(one_operation(schema, schemas={"Endless": endless}))
    assert reply.status == 500
    assert "add one to the document at GET /thing, response 200" in reply.text


def test_alternatives_are_answered() -> None:
    schemas = {name: fields(kind=TEXT, **{name: {}}) for name in ("Cat", "Dog")}
    union: dict[str, Any] = {"oneOf": [{"$ref": f"#/components/schemas/{one}"} for one in schemas]}
    assert get_thing(one_operation(union, schemas=schemas)).status == 200
    for name, schema in schemas.items():
        schema["required"] = ["kind", name]
    mapping = {"feline": "#/components/schemas/Cat"}
    union["discriminator"] = {"propertyName": "kind", "mapping": mapping}
    assert get_thing(one_operation(union, schemas=schemas)).json == {"kind": "feline", "Cat": {}}


PARTS = [
    {**PERSON, "examples": [{"name": "Ada"}]},
    {"required": ["b"], "properties": {"b": {"examples": [2]}}},
]
SECRET = fields(
    *("id", "password"), id={**WHOLE, "readOnly": True}, password={**TEXT, "writeOnly": True}
)


@pytest.mark.parametrize(
    ("schema", "media", "expected"),
    [
        (PERSON, {"example": {"name": "Ada"}}, {"name": "Ada"}),
        (PERSON, {"examples": {"one": {"value": {"name": "Bea"}}}}, {"name": "Bea"}),
        (PERSON, {"examples": {"one": {"externalValue": "x"}}}, {"name": "string"}),
        (PERSON, {"example": {"name": 1}}, {"name": "string"}),
        ({"type": "string", "examples": ["first", "second"]}, {"example": "beside"}, "beside"),
        ({"type": "string", "examples": [1, "second"]}, {}, "second"),
        ({"type": "string", "example": "old style"}, {}, "old style"),
        ({"type": "string", "default": "given"}, {}, "given"),
        ({"allOf": PARTS}, {}, {"name": "string", "b": 2}),
        (SECRET, {}, {"id": 1}),
    ],
)
def test_examples_of_the_document_come_first(schema: Any, media: Any, expected: Any) -> None:
    assert get_thing(one_operation(schema, **media)).json == expected
