"""A document that cannot be read, or is not OpenAPI: every fault with its place and its edit."""

import json

import pytest

from tests.generation._support import check, document_of


def schema(text: str, version: str = "3.1.0") -> str:
    """A document with one schema, Thing."""
    head = f"openapi: {version}\ninfo: {{title: Demo, version: '1'}}\npaths: {{}}\n"
    return f"{head}components:\n  schemas:\n    Thing: {text}\n"


def operation(text: str, path: str = "/a") -> str:
    """A document with one operation."""
    return f"paths: {{'{path}': {{get: {{responses: OK, {text}}}}}}}\n"


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
JSON = '{"paths":\n {"/a/{b}":\n {"get":\n {"tags": [\n "One"]}}}}'
DEEP = '{"a":' * 300 + "1" + "}" * 300


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"openapi": "3.1.0",\n "info": }\n', "cannot be read: Expecting value: line 2"),
        ('{"info": {"title": "A", "title": "B"}}', "the key 'title' stands twice"),
        ('{"a": NaN}', "Out of range float values"),
        ('{"a": "\\udfff"}', "surrogates not allowed"),
        (DEEP, "it is nested beyond 100 levels"),
        (f"a: {DEEP}", "it is nested beyond 100 levels"),
        (BOMB, "its aliases come to more than"),
        (b"info:\n  a: P\xf6rtal\n", "line 2 cannot be read: it is not UTF-8 (byte 0xf6)"),
        ("- a\n- b\n", "an OpenAPI document is a mapping"),
        ("a: \0\n", "line 1 cannot be read: unacceptable character"),
        ("b: !include other.yaml\n", "line 3 cannot be read: the tag !include has no meaning"),
        ("a: !set {x}\n", "line 3 cannot be read: the tag !set has no meaning here"),
        ("a: &top\n  b: *top\n", "or an alias contains itself"),
        ("a: 1\n? [b, c]\n: 2\n", "line 4 cannot be read: a key must be a plain word"),
        ("a:\n  <<: 3\n", "line 4 cannot be read: only a mapping can be merged"),
        ("a: 1\na: 3\n", "line 4 cannot be read: the key 'a' is already there on line 3"),
        ("a: 1\nb:\n  c: [x\nd: 2\n", "line 6 cannot be read: did not find expected ','"),
        ("openapi: '2.0'", 'must say 3.0.x or 3.1.x, as a string; it is "2.0".'),
        ("openapi: 3.1", "must say 3.0.x or 3.1.x, as a string; it is 3.1."),
        ("openapi:", "must say 3.0.x or 3.1.x, as a string; it is null."),
        ("openapi: 3.1.0\ninfo: {version: '1'}\npaths: {}", '#/info (line 2): "title" is a req'),
        (operation("operationID: x"), "Leave out 'operationID'"),
        (operation("", "/{a}/{a}"), '"/{a}/{a_2}": "…"'),
        (operation("", "/:a/:b-c.:d/e:f/{g}:h"), '"/{a}/{b-c}.{d}/e:f/{g}:h": "…"'),
        (schema("{type: bool}"), 'Write:\n        "type": "boolean"'),
        (schema("{type: date}"), "null, number, object, string. Leave out 'type'"),
        (schema("{type: [string, nil]}"), '/Thing/type/1 (line 6): "nil" is none of'),
        (schema("{type: 1}"), "/Thing/type (line 6): 1 is none of"),
        (schema("{required: true}"), "Leave out 'required'"),
        ("components: {examples: {A: true}}", "true says nothing here. Leave out 'A'"),
        (schema("{required: id}"), '"required": ["id"]'),
        (schema("{examples: {a: 1}}"), '"examples": [{"a": 1}]'),
        (schema("{format: null}"), "Leave out 'format'"),
        (schema("{properties: {type: string}}"), '"type": {"type": "string"}'),
        (schema("{properties: {at: [1]}}"), '"at": {"examples": [[1]]}'),
        (schema("{$ref: 'other.yaml#/No'}"), '"$ref": "#/components/schemas/No"'),
        (schema("{$ref: '#/components/schemas/Thing'}"), "leads back to itself. Leave out '$ref'"),
        (schema("{allOf: [{$ref: '#/components/schemas/Thing'}]}"), "/Thing (line 6): it is made"),
        ("components: {parameters: {P: {name: a, in: query}}}", '"schema": {"type": "string"}'),
        ("components: {parameters: {P: {name: a, in: body}}}", "/P/in (line 3): "),
        ("components: {securitySchemes: {K: {type: htp, scheme: a}}}", '"type": "http"'),
        (
            "paths: {/a: {get: &g {operationId: x, responses: OK}, put: *g}}",
            "~1a/put (line 3): #/paths/~1a/get (line 3) has the operationId 'x', too",
        ),
        (operation("parameters: [{name: b, in: path, schema: {}}]"), "'b' is not in the path /a"),
        (operation("parameters: [{name: b, in: query, content: {a: {examples: {c: 1}}}}]"), "c (l"),
        (operation("parameters: [{name: b, in: path, schema: {}}]"), '"required": true'),
        (
            operation("parameters: [{name: b, in: path, style: label, schema: {}}]"),
            '/style (line 3): "label" cannot stand here.\n    Write:\n        "style": "simple"',
        ),
        (
            operation("parameters: [&b {name: b, in: query}, *b]"),
            "/get/parameters (line 3): the query parameter 'b' is there twice",
        ),
        (
            operation("operationId: a, security: [{k: []}]")
            + "components: {securitySchemes: {k: {type: apiKey, in: query, name: k}}}",
            "/get/security (line 3) a: the security k cannot be sent",
        ),
    ],
)
def test_what_cannot_be_taken(text: str | bytes, told: str) -> None:
    is_refused, said = check(text)
    assert is_refused
    assert said.startswith("shop.yaml")
    assert told in said


def test_values_are_those_of_json_and_have_their_lines() -> None:
    text = """\ufeff
        responses: {200: a, 4XX: b, 2024-01-02: c}
        words: [no, on, 2024-01-02, 2024-01-02T03:04:05Z, "1", 1.10.0, ~, True, 0x17, .nan, 1e3]
        base: &base {a: 1, b: 2}
        derived: {<<: *base, b: 3}
        several: {<<: [*base, {c: 4, a: 9}]}
    """
    value = document_of(text).data
    assert json.loads(json.dumps(value)) == value
    assert value == {
        "responses": {"200": "a", "4XX": "b", "2024-01-02": "c"},
        "words": [
            *("no", "on", "2024-01-02", "2024-01-02T03:04:05Z", "1", "1.10.0"),
            *(None, True, "0x17", ".nan", 1000.0),
        ],
        "base": {"a": 1, "b": 2},
        "derived": {"a": 1, "b": 3},
        "several": {"a": 1, "b": 2, "c": 4},
    }
    document, get = document_of(JSON), ("paths", "/a/{b}", "get")
    assert document.where(get) == "#/paths/~1a~1{b}/get (line 3)"
    assert document.where((*get, "tags", "0")).endswith("/tags/0 (line 5)")
    assert document.where((*get, "security")).endswith("/security (line 3)")


def test_all_faults_are_told_at_once_and_each_of_them_once() -> None:
    _, said = check(
        "servers: {}\npaths:\n"
        "  /a/:id: {get: {operationId: a, tags: x, security: [{no: []}], responses: {}}}\n"
        "  b: {get: {operationId: b, security: [{no: []}], responses: OK}}\n"
        "  /c: {get: {parameters: [1], security: 1, responses: OK}}\n"
        "components: {schemas: {A: {type: strin}, B: {$ref: '#/components/schemas/C'}}}\n"
    )
    told = ["is not valid OpenAPI 3.1.0.", "#/servers", "{id} is not among its", "/tags", "strin"]
    told += ["`responses` is empty", '"/a/{id}": "…"', '"/b": "…"', "schemas/C", "/security (l"]
    told += ["/parameters/0 (line 7): 1 is"]
    assert [what for what in told if what not in said] == []
    assert (
        "  - #/paths/~1a~1:id/get/security (line 5) a: the security scheme 'no' is not declared;"
        " so in\n        #/paths/b/get/security (line 6) b\n"
        '    Write in components/securitySchemes:\n        "no": {"type": "http"'
    ) in said


def test_what_is_odd_is_told_and_taken() -> None:
    is_refused, told = check(
        "tags: [{name: One}]\npaths: {/a: {get: {tags: [Two], responses: OK}}}\n"
        "components: {schemas: {A: {type: object, required: [x], properties: {y: {pattern: '['}},"
        " nullable: true, requird: [y], minimum: 1, exclusiveMinimum: true}}}\n"
    )
    assert not is_refused
    for what in ("['Two']", "'x' is required", "`nullable` says nothing in 3.1", "requird"):
        assert what in told


def test_3_0_is_read_in_its_3_1_form() -> None:
    other = "{$ref: '#/components/schemas/Other'"
    document = document_of(
        schema(
            "{properties: {a: {type: string, nullable: true, enum: [x], example: x}, "
            f"b: {{nullable: true, description: B., allOf: [{other}}}]}}, "
            f"c: {{minimum: 1, exclusiveMinimum: true}}, d: {other}, description: gone}}}}}}\n"
            "    Other: {oneOf: [{type: string}], nullable: true}",
            "3.0.3",
        )
    )
    assert document.data["openapi"] == "3.1.0"
    reference = {"$ref": "#/components/schemas/Other"}
    assert document.data["components"]["schemas"] == {
        "Thing": {
            "properties": {
                "a": {"type": ["string", "null"], "enum": ["x", None], "examples": ["x"]},
                "b": {"description": "B.", "anyOf": [{"allOf": [reference]}, {"type": "null"}]},
                "c": {"exclusiveMinimum": 1},
                "d": reference,
            }
        },
        "Other": {"oneOf": [{"type": "string"}, {"type": "null"}]},
    }
