"""Shapes of documents that the parser refuses or loses something of: each comes out whole."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from generation.errors import GenerationError

from tests.generation._support import Server

Shop = Callable[[str], Any]
UID = "0f2b1c3d-0000-4000-8000-000000000007"
BODY = "content: {application/json: {schema: {type: object, %s}}}"
ANSWER = "responses: {'200': {description: Fine., content: {%s}}}"
SCHEMAS = "#/components/schemas"


def things(*operations: str, **schemas: str) -> str:
    """A document of objects, and of operations: `things.do0`, `things.do1` ..."""
    paths = [
        f"  /{n}: {{post: {{operationId: do{n}, tags: [Things], x-method-name: do{n}, {one}}}}}\n"
        for n, one in enumerate(operations)
    ]
    named = [f"    {name}: {{type: object, {schema}}}\n" for name, schema in schemas.items()]
    return "".join(["paths:\n", *paths, "components:\n  schemas:\n    X: true\n", *named])


def all_of(count: int, **schemas: str) -> str:
    """A document in which `Whole` has the schemas T0, T1 ... in its fields, and is an answer."""
    fields = ", ".join(f"t{n}: {{$ref: '{SCHEMAS}/T{n}'}}" for n in range(count))
    schemas["Whole"] = f"properties: {{{fields}}}"
    return things(ANSWER % f"application/json: {{schema: {{$ref: '{SCHEMAS}/Whole'}}}}", **schemas)


def read(made: Any, number: int, value: Any) -> Any:
    """Return what a value is by the schema of that number."""
    return getattr(made.models.Whole.from_dict({f"t{number}": value}), f"t{number}")


def test_the_alternative_that_fits_best(shop: Shop) -> None:
    pet = "required: [kind], properties: {kind: {type: string}, %s: {}}"
    schemas = {"A": pet % "lives", "B": pet % "bark"}
    schemas |= {f"K{value}": f"properties: {{k: {{const: {value}}}}}" for value in "ab"}
    refs = [f"{{$ref: '#/components/schemas/{name}'}}" for name in schemas]
    told = "discriminator: {propertyName: kind, mapping: {hound: '#/components/schemas/B'}}"
    schemas["T0"] = f"oneOf: [{refs[0]}, {refs[1]}], {told}"
    schemas["T1"] = f"oneOf: [{refs[2]}, {refs[3]}]"
    made, _ = shop(all_of(2, **schemas))
    kinds = {"hound": "B", "B": "B", "A": "A", "A bird": "A"}
    values: list[tuple[int, Any, str]] = [(1, {"k": "b"}, "Kb"), (1, {"k": "a"}, "Ka")]
    values += [(0, {"kind": said, "lives": 9}, kind) for said, kind in kinds.items()]
    for number, value, kind in values:
        got = read(made, number, value)
        assert (type(got).__name__, got.to_dict()) == (kind, value)


def test_what_comes_back_goes_out_again(shop: Shop) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("properties: {s: {type: [string, 'null']}, t: {type: string}}", {"s": None}),
        ("properties: {s: {type: [string, 'null']}, t: {type: string}}", {}),
        ("additionalProperties: false, properties: {a: {type: string}}", {"a": "b", "new": 1}),
        ("patternProperties: {'^x-': {type: string}}, properties: {a: {}}", {"a": 1, "x-b": "c"}),
        ("properties: {f: {const: 1.5}, g: {const: {a: 1}}}", {"f": 1.5, "g": {"a": 1}}),
        ("properties: {e: {enum: [a, A, 1, null]}}", {"e": 1}),
        ("properties: {e: {enum: [a, A, a-b, 'a b', a+b, '1', '']}}", {"e": "a+b"}),
        ("properties: {e: {type: [string, 'null'], enum: [a, null]}}", {"e": None}),
        ("properties: {l: {type: array}, m: {type: array, items: true}}", {"l": [1], "m": ["a"]}),
        ("properties: {u: {type: string, format: uuid}, e: {enum: [1]}}", {"u": UID, "e": 1}),
        ("properties: {a: {type: string, format: date}}", {"a": "2026-01-02"}),
        ("properties: {a: {type: string, format: date-time}}", {"a": "2026-01-02T03:04:05Z"}),
        ("properties: {x: {$ref: '#/components/schemas/T0/properties/s'}}", {"x": "1"}),
        ("properties: {x: {$ref: '#/components/schemas/A%20B'}}", {"x": {"z": 1}}),
        ("properties: {a: {}}, oneOf: [{required: [a]}, {properties: {b: {}}}]", {"a": 1, "b": 2}),
        ("allOf: [{properties: {l: {type: array}}}, {properties: {l: {items: {}}}}]", {"l": [{}]}),
        (
            "allOf: [{properties: {a: {}}}, {oneOf: [{required: [b]}, {properties: {c: {}}}]}]",
            {"a": 1, "c": 2},
        ),
        ("properties: {x: {allOf: [{type: string}, {maxLength: 3}]}}", {"x": "abc"}),
        ("additionalProperties: {$ref: '#/components/schemas/T5'}", {"a": {"e": 1}, "b": {}}),
        ("properties: {d: {description: 'Says \"no\"'}}, description: 'It is \"it\"'", {"d": 1}),
    ]
    schemas = {f"T{number}": schema for number, (schema, _) in enumerate(cases)}
    made, _ = shop(all_of(len(cases), **schemas, **{"A B": "properties: {z: {}}"}))
    for number, (schema, value) in enumerate(cases):
        got = read(made, number, value)
        told = json.loads(json.dumps(got.to_dict()))
        assert told == value, schema
        assert type(got).from_dict(told) == got
        assert all(getattr(got, name) is None for name in ("s", "t") if hasattr(got, name))


def test_bodies(shop: Shop) -> None:
    thing = f"{{schema: {{$ref: '{SCHEMAS}/Thing'}}}}"
    given = "required: [n, r, id], properties: {n: {type: string}, "
    given += "f: {type: string, format: binary}, id: {type: string, readOnly: true}}"
    shut = "additionalProperties: false, properties: {a: {type: integer, default: 5}, "
    shut += "b: {type: [string, 'null']}}"
    bodies = [BODY % given, f"required: true, {BODY % shut}"]
    bodies += ["content: {'*/*': {schema: {type: string}}}"]
    bodies += [f"content: {{application/json: {thing}, multipart/form-data: {thing}}}"]
    schemas = {"thing": f"required: [z], allOf: [true, {{$ref: '{SCHEMAS}/X'}}], properties: "}
    schemas["thing"] += "{z: true, a: {const: 'say \"\\'}}"
    schemas["Thing"] = "properties: {b: {type: string, pattern: '(a'}}"
    operations = (f"requestBody: {{{one}}}, responses: OK" for one in bodies)
    made, notes = shop(things(*operations, **schemas))
    whole = {"n": "a", "r": {"x": 1}, "f": "y"}
    for number, arguments, body in (
        (0, {}, None),
        (0, {**whole, "additional_properties": {"b": None}}, {**whole, "b": None}),
        (1, {"b": None}, {"b": None}),
        (1, {}, {}),
        (2, {"body": "x"}, "x"),
        (3, {"b": "x"}, {"b": "x"}),
    ):
        server = Server(200, "ok")
        getattr(server.client(made).things, f"do{number}")(**arguments)
        assert json.loads(server.request.content or "null") == body
    with pytest.raises(made.InvalidRequestError, match="A body needs r as well"):
        server.client(made).things.do0(n="a")
    with pytest.raises(ValueError, match=r"\$\.c has to be no field"):
        made.models.Do1Body.from_dict({"a": 1, "c": 2})
    assert "a: Default: 5." in made.resources.ThingsResource.do1.__doc__
    assert made.models.ThingModel(b="x").to_dict() == {"b": "x"}
    for what in ("class ThingModel", "not as multipart/form-data", "is not checked"):
        assert what in notes


def test_parameters(shop: Shop) -> None:
    a_list, fields = "{type: array, items: {type: string}}", "{type: object, properties: {a: {}}}"
    made, notes = shop(
        "paths: {'/things/{thing.id}': {get: {operationId: x, tags: [Things], responses: OK,"
        " x-method-name: find, parameters: ["
        "{name: thing.id, in: path, required: true, schema: {type: string, default: a}},"
        " {name: Accept, in: header, required: true, schema: {type: string}},"
        " {name: p, in: query, style: pipeDelimited, explode: false, schema: {type: array}},"
        " {name: f, in: query, style: deepObject, schema: {type: object}},"
        " {name: j, in: query, description: JSON of it., content: {application/json: {schema: {}}}}"
        "]}}, '/things/{l}/{o}': {get: {operationId: y, tags: [Things], x-method-name: seek,"
        f" responses: OK, parameters: [{{name: l, in: path, required: true, schema: {a_list}}},"
        f" {{name: o, in: path, required: true, explode: true, schema: {fields}}},"
        f" {{name: X-L, in: header, schema: {a_list}}}, {{name: X-O, in: header, schema: {fields}}}"
        "]}}}\n"
    )
    server, models = Server(200, "ok"), made.models
    things = server.client(made).things
    things.find("i", p=["a", "b|c"], f={"x": 1}, j={"y": [2]})
    assert server.target.endswith("/things/i?p=a%7Cb%7Cc&f[x]=1&j=%7B%22y%22%3A%5B2%5D%7D")
    things.seek(["1,2", "3"], models.YO(a=1), x_l=["b", "c"], x_o=models.YXO(a=2))
    assert server.target.endswith("/things/1%2C2,3/a=1")
    assert (server.request.headers["X-L"], server.request.headers["X-O"]) == ("b, c", "a, 2")
    assert "JSON of it." in made.resources.ThingsResource.find.__doc__
    assert "the header Accept is the client's own" in notes


def test_media_types_of_responses(shop: Shop) -> None:
    cases: list[tuple[str, bytes, Any, str]] = [
        ("text/plain: {schema: {}}, application/json: {}", b"[1]", [1], "application/json"),
        ("application/xml: {schema: {type: object}}", b"<a/>", "<a/>", "*/*"),
        ("application/json: {}", b"{}", {}, "application/json"),
        ("image/png: {schema: {type: string, format: binary}}", b"\x89", b"\x89", "*/*"),
    ]
    made, notes = shop(things(*(ANSWER % content for content, *_ in cases)))
    for number, (_, body, value, accept) in enumerate(cases):
        server = Server(200, content=body, headers={"Content-Type": "x/y"})
        got = getattr(server.client(made).things, f"do{number}")()
        assert (got.payload.read() if hasattr(got, "payload") else got) == value
        assert server.request.headers["Accept"] == accept
    assert "not as text/plain" in notes


def test_each_scheme_has_its_own_key(shop: Shop) -> None:
    made, _ = shop(
        "paths: {/a: {get: {operationId: a, tags: [T], security: [{key: []}], responses: OK},"
        " put: {operationId: b, tags: [T], security: [{both: [], key: []}, {staff: []}],"
        " responses: OK}, delete: {operationId: c, tags: [T], security: [{}], responses: OK},"
        " patch: {operationId: d, tags: [T], security: [{both: [], cookie: []}], responses: OK,"
        " parameters: [{name: x, in: cookie, schema: {type: string}}]}}}\n"
        "components: {securitySchemes: {key: {type: http, scheme: bearer}, staff: {type: http,"
        " scheme: basic}, both: {type: apiKey, in: header, name: X-Key},"
        " cookie: {type: apiKey, in: cookie, name: sid}}}\n"
    )
    server = Server(200, "ok")
    t = server.client(made, keys={"staff": "me:secret", "both": "k1", "cookie": "k2;"}).t
    for method, arguments, expected in (
        (t.a, {}, ["Bearer a-key", None, None]),
        (t.b, {}, ["Basic bWU6c2VjcmV0", None, None]),
        (t.c, {}, [None, None, None]),
        (t.d, {"x": "1"}, [None, "k1", "x=1; sid=k2%3B"]),
    ):
        method(**arguments)
        names = ("Authorization", "X-Key", "Cookie")
        assert [server.request.headers.get(name) for name in names] == expected


def test_a_ring_of_schemas_and_an_operation_of_an_old_kind(shop: Shop) -> None:
    schema = "{type: object, properties: {n: {$ref: '#/components/schemas/S%d'}}}"
    ring = ", ".join(f"S{n}: {schema % ((n + 1) % 60)}" for n in range(60))
    made, _ = shop(
        "paths: {x-vendor: 1, /a: {x-vendor: 2, get: {operationId: 1/a, tags: [Close]}}}\n"
        f"components: {{schemas: {{{ring}}}}}\n"
    )
    assert made.models.S0.from_dict({"n": {"n": {}}}).n.n.to_dict() == {}
    assert Server(204).client(made).close_.call_1_a() is None
    with pytest.raises(GenerationError, match="no operations"):
        shop("paths: {}\n")
