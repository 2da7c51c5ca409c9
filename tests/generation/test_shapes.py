"""Shapes of documents that the parser refuses or loses something of: each comes out whole."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
from generation.errors import GenerationError

from tests.generation._server import Server, call, call_async
from tests.generation._support import Package

Shop = Callable[[str], Package]
UID = "0f2b1c3d-0000-4000-8000-000000000007"
POST = """\
paths:
  /things:
    post:
      operationId: createThing
      tags: [Things]
      requestBody:
        content:
          application/json: {schema: BODY}
      responses: OK
"""


def answering(*contents: str, **schemas: str) -> str:
    """A document whose operations `things.get0`, `things.get1` ... answer with these contents."""
    paths = [
        f"  /{n}: {{get: {{operationId: get{n}, tags: [Things], x-method-name: get{n},"
        f" responses: {{'200': {{description: Fine., content: {content}}}}}}}}}\n"
        for n, content in enumerate(contents)
    ]
    named = [f"    {name}: {{type: object, {schema}\n" for name, schema in schemas.items()]
    return "".join(["paths:\n", *paths, "components:\n  schemas:\n    X: {}\n", *named])


def json_of(number: int) -> str:
    return f"{{application/json: {{schema: {{$ref: '#/components/schemas/T{number}'}}}}}}"


def get(made: Package, number: int, server: Server, caller: Any = call) -> Any:
    """Call one of the operations."""
    return caller(made.root, server, lambda client: getattr(client.things, f"get{number}")())


def sent(made: Package, **arguments: Any) -> Any:
    """Call `things.create`, and return the body that was sent."""
    server = Server(200, "ok")
    call(made.root, server, lambda client: client.things.create(**arguments))
    return json.loads(server.body) if server.body else None


def test_the_alternative_that_fits_best(shop: Shop) -> None:
    pet = "required: [kind], properties: {kind: {type: string}, %s: {}}"
    told = ", discriminator: {propertyName: kind, mapping: {hound: '#/components/schemas/B3'}}"
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        ("properties: {a: {}}", "properties: {b: {}}", {"b": 1}, "B"),
        ("required: [x], properties: {x: {}, y: {}}", "properties: {x: {}}", {"y": 1}, "B"),
        ("properties: {k: {const: a}}", "properties: {k: {const: b}}", {"k": "b"}, "B"),
        (pet % "lives", pet % "bark", {"kind": "hound", "lives": 9}, "B"),
    ]
    schemas = dict[str, str]()
    for number, (a, b, *_) in enumerate(cases):
        refs = ", ".join(f"{{$ref: '#/components/schemas/{one}{number}'}}" for one in "AB")
        schemas |= {f"A{number}": f"{a}}}", f"B{number}": f"{b}}}"}
        schemas[f"T{number}"] = f"oneOf: [{refs}]{told if number == 3 else ''}}}"
    made = shop(answering(*map(json_of, range(len(cases))), **schemas))
    values = [(number, value, kind) for number, (*_, value, kind) in enumerate(cases)]
    values += [(3, {"kind": kind, "lives": 9}, kind[0]) for kind in ("B3", "A3", "A bird")]
    for number, value, kind in values:
        got = get(made, number, Server(200, value))
        assert (type(got).__name__, got.to_dict()) == (f"{kind}{number}", value)


def test_what_comes_back_goes_out_again(shop: Shop) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("properties: {s: {type: [string, 'null']}, t: {type: string}}}", {"s": None}),
        ("properties: {s: {type: [string, 'null']}, t: {type: string}}}", {}),
        ("additionalProperties: false, properties: {a: {type: string}}}", {"a": "b", "new": 1}),
        ("patternProperties: {'^x-': {type: string}}, properties: {a: {}}}", {"a": 1, "x-b": "c"}),
        ("properties: {f: {const: 1.5}, g: {const: {a: 1}}}}", {"f": 1.5, "g": {"a": 1}}),
        ("properties: {e: {enum: [a, A, 1, null]}}}", {"e": 1}),
        ("properties: {e: {enum: [a, A, a-b, 'a b', a+b, '1', '']}}}", {"e": "a+b"}),
        ("properties: {e: {type: [string, 'null'], enum: [a, null]}}}", {"e": None}),
        ("properties: {l: {type: array}, m: {type: array, items: true}}}", {"l": [1], "m": ["a"]}),
        ("properties: {u: {type: string, format: uuid}, e: {enum: [1]}}}", {"u": UID, "e": 1}),
        ("properties: {a: {type: string, format: date}}}", {"a": "2026-01-02"}),
        ("properties: {a: {type: string, format: date-time}}}", {"a": "2026-01-02T03:04:05Z"}),
        ("properties: {x: {$ref: '#/components/schemas/T0/properties/s'}}}", {"x": "1"}),
        ("properties: {x: {$ref: '#/components/schemas/A%20B'}}}", {"x": {"z": 1}}),
        ("properties: {a: {}}, oneOf: [{required: [a]}, {properties: {b: {}}}]}", {"a": 1, "b": 2}),
        ("allOf: [{properties: {l: {type: array}}}, {properties: {l: {items: {}}}}]}", {"l": [{}]}),
        (
            "allOf: [{properties: {a: {}}}, {oneOf: [{required: [b]}, {properties: {c: {}}}]}]}",
            {"a": 1, "c": 2},
        ),
        ("properties: {x: {allOf: [{type: string}, {maxLength: 3}]}}}", {"x": "abc"}),
        ("additionalProperties: {$ref: '#/components/schemas/T5'}}", {"a": {"e": 1}, "b": {}}),
        ("properties: {d: {description: 'Says \"no\"'}}, description: 'It is \"it\"'}", {"d": 1}),
    ]
    schemas = {f"T{number}": schema for number, (schema, _) in enumerate(cases)}
    contents = map(json_of, range(len(cases)))
    made = shop(answering(*contents, **schemas, **{"A B": "properties: {z: {}}}"}))
    for number, (schema, value) in enumerate(cases):
        got = get(made, number, Server(200, value), call_async)
        told = json.loads(json.dumps(got.to_dict()))
        assert told == value, schema
        assert type(got).from_dict(told) == got
        assert all(getattr(got, name) is None for name in ("s", "t") if hasattr(got, name))


def test_fields_of_every_object_body_are_arguments(shop: Shop) -> None:
    body = "{type: object, required: [n, r, id], properties: {n: {type: string},"
    body += " id: {type: string, readOnly: true}, f: {type: string, format: binary}}}"
    made = shop(POST.replace("BODY", body))
    whole = {"n": "a", "r": {"x": 1}, "f": "y", "b": None}
    assert sent(made) is None
    assert sent(made, n="a", r={"x": 1}, f="y", additional_properties={"b": None}) == whole
    with pytest.raises(made.root.InvalidRequestError, match="A body needs r as well"):
        sent(made, n="a")


def test_what_a_body_leaves_out_is_not_sent(shop: Shop) -> None:
    body = "{type: object, additionalProperties: false, properties: {"
    body += "a: {type: integer, default: 5}, b: {type: [string, 'null']}}}"
    made = shop(POST.replace("BODY", body).replace("content:", "required: true\n        content:"))
    assert sent(made, b=None) == {"b": None}
    assert sent(made) == {}
    documented = inspect.getdoc(made.module("resources.things").ThingsResource.create) or ""
    assert "a: Default: 5." in documented
    with pytest.raises(ValueError, match=r"\$\.c has to be no field"):
        made.models.CreateThingBody.from_dict({"a": 1, "c": 2})


def test_parameters(shop: Shop) -> None:
    a_list, fields = "{type: array, items: {type: string}}", "{type: object, properties: {a: {}}}"
    made = shop(
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
    query = {"p": ["a", "b|c"], "f": {"x": 1}, "j": {"y": [2]}}
    call(made.root, server, lambda client: client.things.find("i", **query))
    assert server.target.endswith("/things/i?p=a%7Cb%7Cc&f[x]=1&j=%7B%22y%22%3A%5B2%5D%7D")
    headers = {"x_l": ["b", "c"], "x_o": models.YXO(a=2)}
    call(made.root, server, lambda one: one.things.seek(["1,2", "3"], models.YO(a=1), **headers))
    assert server.target.endswith("/things/1%2C2,3/a=1")
    assert (server.request.headers["X-L"], server.request.headers["X-O"]) == ("b, c", "a, 2")
    documented = inspect.getdoc(made.module("resources.things").ThingsResource.find) or ""
    assert "JSON of it." in documented
    assert any("the header Accept is the client's own" in note for note in made.notes)


def test_media_types_of_responses(shop: Shop) -> None:
    cases: list[tuple[str, bytes, Any, str]] = [
        ("{text/plain: {schema: {}}, application/json: {}}", b"[1]", [1], "application/json"),
        ("{application/xml: {schema: {type: object}}}", b"<a/>", "<a/>", "*/*"),
        ("{application/json: {}}", b"{}", {}, "application/json"),
        ("{image/png: {schema: {type: string, format: binary}}}", b"\x89", b"\x89", "*/*"),
    ]
    made = shop(answering(*(content for content, *_ in cases)))
    for number, (_, body, value, accept) in enumerate(cases):
        server = Server(200, content=body, kind="x/y")
        got = get(made, number, server)
        assert (got.payload.read() if hasattr(got, "payload") else got) == value
        assert server.request.headers["Accept"] == accept
    assert len(made.notes) == 1


def test_each_scheme_has_its_own_key(shop: Shop) -> None:
    made = shop(
        "paths: {/a: {get: {operationId: a, tags: [T], security: [{key: []}], responses: OK},"
        " put: {operationId: b, tags: [T], security: [{both: [], key: []}, {staff: []}],"
        " responses: OK}, delete: {operationId: c, tags: [T], security: [{}], responses: OK},"
        " patch: {operationId: d, tags: [T], security: [{both: [], cookie: []}], responses: OK,"
        " parameters: [{name: x, in: cookie, schema: {type: string}}]}}}\n"
        "components: {securitySchemes: {key: {type: http, scheme: bearer}, staff: {type: http,"
        " scheme: basic}, both: {type: apiKey, in: header, name: X-Key},"
        " cookie: {type: apiKey, in: cookie, name: sid}}}\n"
    )
    server, keys = Server(200, "ok"), {"staff": "me:secret", "both": "k1", "cookie": "k2;"}
    for method, arguments, expected in (
        ("a", {}, ["Bearer a-key", None, None]),
        ("b", {}, ["Basic bWU6c2VjcmV0", None, None]),
        ("c", {}, [None, None, None]),
        ("d", {"x": "1"}, [None, "k1", "x=1; sid=k2%3B"]),
    ):
        call(made.root, server, lambda one: getattr(one.t, method)(**arguments), keys=keys)  # noqa: B023 - called at once
        names = ("Authorization", "X-Key", "Cookie")
        assert [server.request.headers.get(name) for name in names] == expected


def test_bodies_of_one_schema_and_of_any_type(shop: Shop) -> None:
    thing = "{$ref: '#/components/schemas/Thing'}"
    content = (
        f"application/json: {{schema: {thing}}}\n          multipart/form-data: {{schema: {thing}}}"
    )
    more = "components: {schemas: {Any: true, thing: {required: [z],"
    more += " allOf: [true, {$ref: '#/components/schemas/Any'}], type: object,"
    more += " properties: {z: true, a: {const: 'say \"\\'}}},"
    more += " Thing: {type: object, properties: {b: {type: string, pattern: '(a'}}}}}\n"
    made = shop(POST.replace("application/json: {schema: BODY}", content) + more)
    assert sent(made, b="x") == {"b": "x"}
    assert made.models.ThingModel(b="x").to_dict() == {"b": "x"}
    for what in ("class ThingModel", "not as multipart/form-data", "is not checked"):
        assert any(what in note for note in made.notes)
    made = shop(POST.replace("application/json: {schema: BODY}", "'*/*': {schema: {type: string}}"))
    assert sent(made, body="x") == "x"


def test_a_ring_of_schemas_and_an_operation_of_an_old_kind(shop: Shop) -> None:
    schema = "{type: object, properties: {n: {$ref: '#/components/schemas/S%d'}}}"
    ring = ", ".join(f"S{n}: {schema % ((n + 1) % 60)}" for n in range(60))
    made = shop(
        "paths: {x-vendor: 1, /a: {x-vendor: 2, get: {operationId: 1/a, tags: [Close]}}}\n"
        f"components: {{schemas: {{{ring}}}}}\n"
    )
    assert made.models.S0.from_dict({"n": {"n": {}}}).n.n.to_dict() == {}
    assert call(made.root, Server(204), lambda client: client.close_.call_1_a()) is None


def test_a_document_without_operations(shop: Shop) -> None:
    with pytest.raises(GenerationError, match="no operations"):
        shop("paths: {}\n")
