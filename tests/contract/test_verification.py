"""The parts of make verify-live: reading, planning, comparing, and what is fed to the client."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from portal_v1._document import load_document
from portal_v1._secrets import Secret
from portal_v1.mock._schemas import Schemas
from verification.calling import Exchange
from verification.comparison import Comparison
from verification.expressions import NotThereError, Said
from verification.masks import Masks, shape_of
from verification.operations import Operation, Reader
from verification.planning import Step, planned
from verification.probing import probes, unlike
from verification.rows import Level, Row
from verification.survival import lost

PATH = {"in": "path", "required": True, "schema": {"type": "string"}}


def document(paths: dict[str, Any], **components: Any) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": paths,
        "components": components,
    }


def operation(
    name: str, *parameters: dict[str, Any], status: str = "200", links: Any = None, **more: Any
) -> dict[str, Any]:
    response = {"description": "Yes.", "links": links or {}}
    return {
        "operationId": name,
        "parameters": [*parameters],
        "responses": {status: response},
    } | more


def link(target: str, **parameters: Any) -> dict[str, Any]:
    return {target: {"operationId": target, "parameters": parameters}}


def plan(paths: dict[str, Any], **components: Any) -> dict[str, Step]:
    """The steps by operationId, in their order."""
    read = Reader(document(paths, **components)).operations()
    return {step.operation.id: step for step in planned(read)}


def called(steps: dict[str, Step]) -> list[str]:
    return [name for name, step in steps.items() if not step.refusal]


class TestThePlan:
    def test_of_this_repositorys_document(self) -> None:
        steps = planned(Reader(load_document()).operations())
        assert [step.operation.id for step in steps if step.refusal] == []
        assert steps[0].operation.creates
        assert [[one.source for one in step.feeds] for step in steps] == [
            [],
            [],
            *[["createClient"]] * 3,
        ]

    def test_what_feeds_comes_first_over_several_steps(self) -> None:
        thing_id, part_id = {"name": "thingId", **PATH}, {"name": "partId", **PATH}
        steps = plan(
            {
                "/things/{thingId}/parts/{partId}": {
                    "get": operation("getPart", thing_id, part_id)
                },
                "/things/{thingId}/parts": {
                    "post": operation(
                        "addPart",
                        thing_id,
                        status="201",
                        links=link(
                            "getPart",
                            thingId="$request.path.thingId",
                            partId="$response.body#/id",
                        ),
                    )
                },
                "/things": {
                    "post": operation(
                        "addThing",
                        status="201",
                        links=link("addPart", thingId="$response.body#/id"),
                    )
                },
            }
        )
        assert called(steps) == ["addThing", "addPart", "getPart"]

    def test_links_in_a_circle_are_no_hindrance(self) -> None:
        steps = plan(
            {
                "/a": {"get": operation("a", links=link("b"))},
                "/b": {"get": operation("b", links=link("a"))},
            }
        )
        assert called(steps) == ["a", "b"]

    def test_links_are_found_by_reference_and_by_path(self) -> None:
        steps = plan(
            {
                "/things/{thingId}": {"get": operation("getThing", {"name": "thingId", **PATH})},
                "/things": {
                    "post": operation(
                        "addThing",
                        status="201",
                        links={"one": {"$ref": "#/components/links/TheThing"}},
                    )
                },
            },
            links={
                "TheThing": {
                    "operationRef": "#/paths/~1things~1{thingId}/get",
                    "parameters": {"path.thingId": "$response.body#/id"},
                }
            },
        )
        assert called(steps) == ["addThing", "getThing"]
        assert [one.source for one in steps["getThing"].feeds] == ["addThing"]

    @pytest.mark.parametrize(
        "given",
        [
            {"example": "a"},
            {"examples": {"first": {"value": "a"}}},
            {"schema": {"type": "string", "examples": ["a", "b"]}},
            {"schema": {"type": "string", "default": "a"}},
            {"schema": {"type": "string", "enum": ["a", "b"]}},
            {"schema": {"const": "a"}},
            {"schema": {"allOf": [{"type": "string"}, {"example": "a"}]}},
        ],
    )
    def test_an_example_feeds_a_required_parameter(self, given: dict[str, Any]) -> None:
        parameter = {"name": "kind", "in": "query", "required": True, **given}
        steps = plan({"/things": {"get": operation("listThings", parameter)}})
        assert called(steps) == ["listThings"]
        assert steps["listThings"].operation.parameters[0].example == ("a",)

    def test_what_nothing_feeds_is_not_called(self) -> None:
        steps = plan(
            {
                "/things/{thingId}": {
                    "put": operation(
                        "putThing",
                        {"name": "thingId", **PATH},
                        {"name": "unit", "in": "query", "schema": {"type": "string"}},
                        requestBody={
                            "required": True,
                            "content": {"application/json": {"schema": {"type": "string"}}},
                        },
                    )
                },
            }
        )
        assert called(steps) == []
        assert steps["putThing"].refusal == (
            "Nothing feeds its path parameter thingId and body: no link of an operation that is "
            "called, no example."
        )

    @pytest.mark.parametrize(
        ("schema", "example"),
        [
            ({"type": "object", "properties": {"a": {"type": "string"}}}, ({},)),
            (
                {
                    "type": "object",
                    "required": ["a"],
                    "properties": {"a": {"type": "string", "examples": ["x"]}, "b": {}},
                },
                ({"a": "x"},),
            ),
            ({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, ()),
        ],
    )
    def test_a_body_is_made_of_nothing_but_examples(
        self, schema: dict[str, Any], example: tuple[Any, ...]
    ) -> None:
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        steps = plan({"/things": {"post": operation("addThing", requestBody=body)}})
        read = steps["addThing"].operation.body
        assert read is not None
        assert read.example == example


THING_ID = {"name": "thingId", "example": "a-thing-of-somebody", **PATH}


class TestWhatDeletes:
    def deleting(self, source: dict[str, Any], method: str) -> dict[str, Any]:
        return {
            "/things/{thingId}": {"delete": operation("deleteThing", THING_ID, status="204")},
            "/things": {method: source},
        }

    def test_it_is_fed_by_what_is_created(self) -> None:
        links = link("deleteThing", thingId="$response.body#/id")
        source = operation("addThing", status="201", links=links)
        assert called(plan(self.deleting(source, "post"))) == ["addThing", "deleteThing"]

    @pytest.mark.parametrize(
        ("method", "status"), [("get", "200"), ("get", "201"), ("post", "200"), ("post", "2XX")]
    )
    def test_it_is_not_fed_by_anything_else(self, method: str, status: str) -> None:
        links = link("deleteThing", thingId="$response.body#/0/id")
        source = operation("source", status=status, links=links)
        steps = plan(self.deleting(source, method))
        assert called(steps) == ["source"]
        assert steps["deleteThing"].refusal == (
            "It deletes, and no link feeds it what this run has created."
        )

    def test_an_example_does_not_feed_it(self) -> None:
        steps = plan({"/things/{thingId}": {"delete": operation("deleteThing", THING_ID)}})
        assert called(steps) == []

    def test_one_that_names_nothing_is_not_called(self) -> None:
        links = link("deleteAll")
        steps = plan(
            {
                "/things": {
                    "delete": operation("deleteAll"),
                    "post": operation("addThing", status="201", links=links),
                }
            }
        )
        assert called(steps) == ["addThing"]

    def test_what_lies_deeper_is_deleted_first_and_all_else_before(self) -> None:
        part_id = {"name": "partId", **PATH}
        made = link("deleteThing", thingId="$response.body#/id")
        made |= link("addPart", thingId="$response.body#/id")
        part = link("deletePart", thingId="$request.path.thingId", partId="$response.body#/id")
        steps = plan(
            {
                "/things/{thingId}": {"delete": operation("deleteThing", THING_ID)},
                "/things/{thingId}/parts/{partId}": {
                    "delete": operation("deletePart", THING_ID, part_id)
                },
                "/things/{thingId}/parts": {
                    "post": operation("addPart", THING_ID, status="201", links=part)
                },
                "/things": {"post": operation("addThing", status="201", links=made)},
            }
        )
        assert called(steps) == ["addThing", "addPart", "deletePart", "deleteThing"]


class TestTheQuestions:
    def test_only_what_changes_nothing_is_asked(self) -> None:
        steps = plan(
            {
                "/things/{thingId}": {
                    "post": operation("changeThing", THING_ID),
                    "get": operation("getThing", THING_ID),
                },
                "/things/{thingId}/parts/{partId}": {
                    "get": operation("getPart", THING_ID, {**THING_ID, "name": "partId"})
                },
                "/things": {"post": operation("addThing")},
            }
        )
        asked = probes(steps.values(), lambda _: True)
        assert [(one.operation.id, one.unknown) for one in asked] == [
            ("getThing", ("path", "thingId")),
            ("getThing", None),
        ]

    def test_nothing_is_asked_where_nothing_is_safe(self) -> None:
        steps = plan({"/things/{thingId}": {"post": operation("changeThing", THING_ID)}})
        assert probes(steps.values(), lambda _: True) == ()

    def test_no_key_is_asked_about_where_none_is_sent(self) -> None:
        steps = plan({"/things": {"get": operation("listThings")}})
        assert probes(steps.values(), lambda _: False) == ()

    @pytest.mark.parametrize("value", ["clx5n0q3k0001l", "A-1_b", "0x8F2559", "7"])
    def test_an_unknown_value_has_the_form_of_a_known_one(self, value: str) -> None:
        def form(text: str) -> str:
            return re.sub(r"\d", "0", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", text)))

        made = unlike(value)
        assert made != value
        assert form(made) == form(value) or made.startswith("unknown-")

    def test_an_unknown_uuid_is_a_uuid(self) -> None:
        value = str(uuid.uuid4())
        assert uuid.UUID(unlike(value)) != uuid.UUID(value)

    def test_an_unknown_number_is_a_number(self) -> None:
        assert unlike(12) > 10**8

    def test_without_a_known_value_one_is_made_up(self) -> None:
        assert unlike(None).startswith("unknown-")


def rows(value: Any, schema: Any, **schemas: Any) -> dict[str, Row]:
    whole = document({}, schemas={"It": schema, **schemas})
    compared = Comparison(Schemas(whole, "response"), Masks([]))
    found = compared.rows(value, {"$ref": "urn:openapi#/components/schemas/It"})
    by_place: dict[str, Row] = {}
    for row in found:
        key = (
            row.place if not row.documented.startswith("rule ") else f"{row.place} {row.documented}"
        )
        assert key not in by_place
        by_place[key] = row
    return by_place


def told(found: dict[str, Row]) -> dict[str, str]:
    return {place: row.remark for place, row in found.items() if row.level is not Level.OK}


def differing(found: dict[str, Row]) -> set[str]:
    return {place for place, row in found.items() if row.level is Level.DIFFERS}


STRING = {"type": "string"}


class TestTheComparison:
    def test_objects_within_objects(self) -> None:
        schema = {
            "type": "object",
            "required": ["a"],
            "properties": {
                "a": {"type": "object", "required": ["b", "c"], "properties": {"b": STRING}}
            },
        }
        assert told(rows({"a": {"b": 1}}, schema)) == {
            "$.a.b": "integer, which is not documented",
            "$.a.c": "missing",
        }

    def test_arrays_within_arrays(self) -> None:
        schema = {"type": "array", "items": {"type": "array", "items": {"$ref": ref("Item")}}}
        item = {"type": "object", "properties": {"a": STRING}}
        found = rows([[{"a": "x"}, {"a": None}], [{}], []], schema, Item=item)
        assert told(found) == {
            "$[][].a": "null, which is not documented in 1 of 3; absent in 1 of 3"
        }

    def test_maps(self) -> None:
        schema = {"type": "object", "additionalProperties": {"$ref": ref("Item")}}
        item = {"type": "object", "required": ["a"], "properties": {"a": STRING}}
        found = rows({"x": {"a": "1"}, "y": {}, "z": {"a": "2", "b": 3}}, schema, Item=item)
        assert told(found) == {"$.*.a": "missing in 1 of 3", "$.*.b": "not documented in 1 of 3"}

    def test_fields_by_pattern(self) -> None:
        schema = {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}}
        assert told(rows({"x-a": 1, "x-b": "2", "c": 3}, schema)) == {
            "$.*": "string, which is not documented in 1 of 2",
            "$.c": "not documented",
        }

    def test_an_object_that_is_documented_to_hold_anything(self) -> None:
        found = rows({"a": 1}, {"type": "object", "additionalProperties": True})
        assert told(found) == {"$.a": "not documented"}
        assert differing(found) == set()

    def test_an_object_that_is_closed(self) -> None:
        found = rows({"a": 1}, {"type": "object", "additionalProperties": False})
        assert differing(found) == {"$.a"}

    @pytest.mark.parametrize("key", ["oneOf", "anyOf"])
    def test_the_branch_that_fits_is_compared(self, key: str) -> None:
        one = {"type": "object", "required": ["a"], "properties": {"a": STRING}}
        other = {"type": "object", "required": ["b"], "properties": {"b": STRING, "c": STRING}}
        schema = {key: [one, other, {"type": "null"}]}
        assert told(rows({"b": "x"}, schema)) == {"$.c": "absent"}
        assert told(rows(None, schema)) == {"$": "null"}

    def test_where_no_branch_fits_it_is_told_once(self) -> None:
        schema = {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "integer"}]}
        assert told(rows({}, schema)) == {"$.a": "missing"}
        assert differing(rows("x", schema)) == {"$"}

    def test_parts_that_must_all_hold(self) -> None:
        base = {"type": "object", "required": ["a"], "properties": {"a": STRING}}
        schema = {
            "allOf": [{"$ref": ref("Base")}, {"required": ["b"], "properties": {"b": STRING}}]
        }
        assert told(rows({"a": "x"}, schema, Base=base)) == {"$.b": "missing"}
        assert told(rows({"a": "x", "b": "y"}, schema, Base=base)) == {}

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": ["string", "null"]},
            {"anyOf": [STRING, {"type": "null"}]},
            {"oneOf": [{"$ref": "#/components/schemas/Text"}, {"type": "null"}]},
            {"enum": ["a", None]},
        ],
    )
    def test_null_where_it_is_allowed(self, schema: dict[str, Any]) -> None:
        whole = {"type": "object", "properties": {"a": schema}}
        assert told(rows({"a": None}, whole, Text=STRING)) == {"$.a": "null"}

    def test_numbers(self) -> None:
        whole = {"type": "array", "items": {"type": "number"}}
        integers = {"type": "array", "items": {"type": "integer"}}
        assert told(rows([1, 1.5], whole)) == {}
        assert told(rows([1, 2.0], integers)) == {}
        assert told(rows([1, 2.5, True], integers)) == {
            "$[]": "number, which is not documented in 1 of 3; "
            "boolean, which is not documented in 1 of 3"
        }

    def test_rules_beyond_types_are_named_without_the_value(self) -> None:
        schema = {
            "type": "object",
            "properties": {
                "kind": {"enum": ["A", "B"]},
                "at": {"type": "string", "format": "date-time"},
                "list": {"type": "array", "items": {"type": "string", "maxLength": 2}},
            },
        }
        found = rows(
            {"kind": "secret-kind", "at": "secret-time", "list": ["long", "longer"]}, schema
        )
        assert differing(found) == {
            "$.kind rule enum",
            "$.at rule format",
            "$.list[] rule maxLength",
        }
        assert found["$.list[] rule maxLength"].remark.endswith("(2 times)")
        assert "secret" not in repr([row.remark for row in found.values()])

    def test_a_broken_rule_is_told_beside_a_field_that_differs(self) -> None:
        found = rows({"a": 1}, {"type": "object", "minProperties": 2})
        assert differing(found) == {"$.a", "$ rule minProperties"}

    def test_openapi_30(self) -> None:
        whole = document({}) | {"openapi": "3.0.3"}
        whole["components"] = {
            "schemas": {"It": {"type": "object", "properties": {"a": {**STRING, "nullable": True}}}}
        }
        compared = Comparison(Schemas(whole, "response"), Masks([]))
        schema = {"$ref": "urn:openapi#/components/schemas/It"}
        assert [row.remark for row in compared.rows({"a": None}, schema)] == ["", "null"]

    def test_what_it_holds_of_values_shows_in_no_repr(self) -> None:
        assert "a-value" not in repr(rows({"a": "a-value"}, {"properties": {"a": STRING}}))

    def test_names_that_are_no_identifiers(self) -> None:
        assert told(rows({"a b": 1, "c\x1b[31m": 2}, {"type": "object"})) == {
            "$['a b']": "not documented",
            "$['c [31m']": "not documented",
        }


def ref(name: str) -> str:
    return f"#/components/schemas/{name}"


class TestMasks:
    def test_a_secret_within_a_longer_one(self) -> None:
        masks = Masks(["abcdefgh"])
        masks.learn("abcdefghij")
        assert masks.text("x abcdefghij y abcdefgh z") == "x *** y *** z"

    def test_what_is_in_place_of_a_secret_is_one_too(self) -> None:
        masks = Masks([])
        masks.learn({"nested": ["a-secret"]})
        assert masks.text("a-secret") == "***"

    def test_what_is_short_is_no_secret(self) -> None:
        masks = Masks([])
        masks.learn("ok")
        assert masks.text("look") == "look"

    def test_a_text_stays_on_one_line_and_short(self) -> None:
        assert Masks([]).text("a\nb\x1b[0m" + "c" * 99, 10) == "a b [0mcc…"

    def test_shapes(self) -> None:
        value = {"a": None, "b": [], "c": {}, "d": [1, 1.5, "x", True], "e": {"f": {"g": {"h": 1}}}}
        assert shape_of(value, Masks([])) == (
            "{a: null, b: array, c: object, d: [1 of integer, 1 of number, 1 of string, others], "
            "e: {f: {g: object}}}"
        )
        many = {f"name{number}": number for number in range(20)}
        assert shape_of(many, Masks([])).endswith("name7: integer, 12 more}")


class TestExpressions:
    @pytest.fixture
    def said(self) -> Said:
        answer = {"id": "x", "parts": [{"id": 7}], "nothing": None, "a/b": "slash"}
        exchange = Exchange(
            status=201,
            headers={"location": "/things/x"},
            body=Secret(json.dumps(answer).encode()),
            parsed=(),
            error=None,
            stray="",
            seconds=0.0,
        )
        ours = frozenset({("path", "own")})
        return Said(exchange, {("path", "own"): "o", ("query", "q"): 1}, ({"n": "m"},), ours)

    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("$response.body#/id", "x"),
            ("$response.body#/parts/0/id", 7),
            ("$response.body#/a~1b", "slash"),
            ("$response.header.Location", "/things/x"),
            ("$request.path.own", "o"),
            ("$request.query.q", 1),
            ("$request.body#/n", "m"),
            ("a-{$response.body#/id}-b", "a-x-b"),
            ("plain", "plain"),
            (3, 3),
        ],
    )
    def test_what_it_stands_for(self, said: Said, expression: Any, value: Any) -> None:
        assert said.value(expression) == value

    @pytest.mark.parametrize(
        "expression",
        [
            "$response.body#/none",
            "$response.body#/nothing",
            "$response.body#/parts",
            "$response.body#/parts/1/id",
            "$response.header.none",
            "$request.path.none",
            "$statusCode",
        ],
    )
    def test_what_is_not_there(self, said: Said, expression: str) -> None:
        with pytest.raises(NotThereError):
            said.value(expression)

    def test_what_this_run_has_made(self, said: Said) -> None:
        assert said.is_made_here("$response.body#/id", answer_is_new=True)
        assert not said.is_made_here("$response.body#/id", answer_is_new=False)
        assert said.is_made_here("$request.path.own", answer_is_new=False)
        assert not said.is_made_here("$request.query.q", answer_is_new=True)
        assert not said.is_made_here("constant", answer_is_new=True)


class TestSurvival:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ({"a": 1, "b": [{"c": "x"}]}, {"a": 1, "b": [{"c": "x"}]}),
            ({"a": None}, {}),
            ({"a": "2026-11-24T00:00:00Z"}, {"a": "2026-11-24T00:00:00+00:00"}),
            ({"a": 1}, {"a": 1.0, "b": "more"}),
        ],
    )
    def test_what_is_the_same(self, sent: Any, kept: Any) -> None:
        assert [*lost(sent, kept)] == []

    @pytest.mark.parametrize(
        ("sent", "kept", "places"),
        [
            ({"a": 1, "b": 2}, {"a": 1}, ["$.b"]),
            ({"a": True}, {"a": 1}, ["$.a"]),
            ([{"a": 1}, {"a": 2}], [{"a": 3}, {"a": 4}], ["$[].a"]),
            ([1, 2], [1], ["$"]),
            ({"a": None}, {"a": "x"}, ["$.a"]),
            ({"a": "x"}, {"a": "y"}, ["$.a"]),
        ],
    )
    def test_what_is_not(self, sent: Any, kept: Any, places: list[str]) -> None:
        assert [*lost(sent, kept)] == places


def test_an_operation_finds_its_answers_by_status_range_and_default() -> None:
    responses = {"201": {"n": 1}, "4XX": {"n": 4}, "default": {"n": 0}}
    one = Operation("a", "GET", "/a", "", (), None, responses, ())
    assert [one.response(status) for status in (201, 404, 500)] == [
        ("201", {"n": 1}),
        ("4XX", {"n": 4}),
        ("default", {"n": 0}),
    ]
    assert one.success == ("201", {"n": 1})
