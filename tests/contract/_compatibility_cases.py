"""A small document, changes of it, and which of them break a client that was built before."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

SHOP = yaml.safe_load("""
openapi: 3.1.0
info: {title: Shop, version: 1.2.3}
servers: [{url: "https://shop.example/v1"}]
security: [{key: []}]
paths:
  /orders:
    get:
      operationId: listOrders
      tags: [Orders]
      summary: List orders
      parameters:
        - {name: state, in: query, schema: {$ref: "#/components/schemas/Wish"}}
        - {name: page, in: query, required: true, schema: {type: integer, format: int32}}
        - {name: X-Trace, in: header, schema: {type: string}}
      responses:
        "200":
          description: Orders.
          headers:
            X-Count: {required: true, schema: {type: integer}}
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Order"}}
        "400": {$ref: "#/components/responses/Bad"}
    post:
      operationId: createOrder
      tags: [Orders]
      summary: Create an order
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/NewOrder"}
      responses:
        "201":
          description: Made.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Order"}
        "400": {$ref: "#/components/responses/Bad"}
  /orders/{orderId}:
    parameters:
      - {name: orderId, in: path, required: true, schema: {type: string}}
    get:
      operationId: getOrder
      tags: [Orders]
      summary: Get an order
      responses:
        "200":
          description: The order.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Order"}
        "400": {$ref: "#/components/responses/Bad"}
components:
  securitySchemes:
    key: {type: http, scheme: bearer}
    other: {type: apiKey, in: header, name: X-Key}
  responses:
    Bad:
      description: Not understood.
      content:
        application/json:
          schema: {$ref: "#/components/schemas/Error"}
  schemas:
    Wish: {type: string, enum: [open, shut]}
    NewOrder:
      type: object
      additionalProperties: false
      required: [item]
      properties:
        item: {type: string, maxLength: 40}
        count: {type: integer, minimum: 1, default: 1}
        wish: {$ref: "#/components/schemas/Wish"}
        how: {oneOf: [{$ref: "#/components/schemas/Post"}, {$ref: "#/components/schemas/Pickup"}]}
    Post: {type: object, required: [street], properties: {street: {type: string}}}
    Pickup: {type: object, required: [shop], properties: {shop: {type: string}}}
    Order:
      type: object
      required: [id, token, state, lines]
      properties:
        id: {type: string}
        token: {type: string}
        state: {type: string, enum: [new, sent]}
        price: {type: number}
        note: {type: [string, "null"]}
        parent: {$ref: "#/components/schemas/Order"}
        lines:
          type: array
          items: {type: object, required: [item], properties: {item: {type: string}}}
    Error:
      type: object
      properties: {error: {type: string}}
""")

Document = dict[str, Any]
Edit = Callable[[Document], None]

GONE = object()
YES, NO = True, False

ORDERS = ("paths", "/orders")
ONE_ORDER = ("paths", "/orders/{orderId}")
SCHEMAS = ("components", "schemas")
NEW_ORDER = (*SCHEMAS, "NewOrder")
ORDER = (*SCHEMAS, "Order")
FIELDS = (*ORDER, "properties")
GIVEN = (*NEW_ORDER, "properties")
QUERY = (*ORDERS, "get", "parameters")


@dataclass(frozen=True)
class Case:
    """A change, whether it breaks, and a word that the table has to show for it."""

    name: str
    edit: Edit
    breaking: bool
    shown: str


def put(value: Any, *place: str | int) -> Edit:
    """Sets what stands at a place, or takes it out."""

    def edit(document: Document) -> None:
        target: Any = document
        for part in place[:-1]:
            target = target[part]
        if value is GONE:
            del target[place[-1]]
        else:
            target[place[-1]] = copy.deepcopy(value)

    return edit


def rename(old: str, new: str, *place: str | int) -> Edit:
    """Renames a key, where it stands among the others."""

    def edit(document: Document) -> None:
        target: Any = document
        for part in place:
            target = target[part]
        items = [(new if key == old else key, value) for key, value in target.items()]
        target.clear()
        target.update(items)

    return edit


def both(*edits: Edit) -> Edit:
    def edit(document: Document) -> None:
        for one in edits:
            one(document)

    return edit


def breaks(name: str, edit: Edit, shown: str) -> Case:
    return Case(name, edit, breaking=True, shown=shown)


def keeps(name: str, edit: Edit, shown: str) -> Case:
    return Case(name, edit, breaking=False, shown=shown)


TEXT = {"type": "string"}

ASKED_FOR = [
    breaks("operation removed", put(GONE, *ORDERS, "post"), "createOrder"),
    keeps(
        "operation added",
        put({"responses": {"204": {"description": "Gone."}}}, *ONE_ORDER, "delete"),
        "DELETE /orders/{orderId}",
    ),
    breaks("path renamed", rename("/orders", "/purchases", "paths"), "GET /purchases"),
    breaks("method changed", rename("post", "put", *ORDERS), "PUT /orders"),
    breaks(
        "required request field added",
        both(put(TEXT, *GIVEN, "who"), put(["item", "who"], *NEW_ORDER, "required")),
        "NewOrder.who",
    ),
    keeps("optional request field added", put(TEXT, *GIVEN, "who"), "NewOrder.who"),
    breaks("request field removed", put(GONE, *GIVEN, "count"), "NewOrder.count"),
    breaks(
        "request field made required",
        put(["item", "wish"], *NEW_ORDER, "required"),
        "NewOrder.wish",
    ),
    keeps("request field made optional", put([], *NEW_ORDER, "required"), "NewOrder.item"),
    breaks(
        "response required field removed",
        both(put(GONE, *FIELDS, "id"), put(["token", "state", "lines"], *ORDER, "required")),
        "Order.id",
    ),
    breaks("response optional field removed", put(GONE, *FIELDS, "price"), "Order.price"),
    breaks(
        "response required field made optional",
        put(["token", "state", "lines"], *ORDER, "required"),
        "Order.id",
    ),
    keeps(
        "response field made required",
        put(["id", "token", "state", "lines", "price"], *ORDER, "required"),
        "Order.price",
    ),
    breaks(
        "response field made nullable",
        put({"type": ["string", "null"]}, *FIELDS, "id"),
        "string or null",
    ),
    keeps("response field no longer nullable", put(TEXT, *FIELDS, "note"), "Order.note"),
    breaks("response field type changed", put({"type": "integer"}, *FIELDS, "id"), "integer"),
    breaks(
        "type changed within a list",
        put({"type": "integer"}, *FIELDS, "lines", "items", "properties", "item"),
        "Order.lines[].item",
    ),
    keeps("response field added", put(TEXT, *FIELDS, "colour"), "Order.colour"),
    keeps(
        "response required field added",
        both(
            put(TEXT, *FIELDS, "colour"),
            put(["id", "token", "state", "lines", "colour"], *ORDER, "required"),
        ),
        "Order.colour",
    ),
    breaks(
        "request enum narrowed",
        put({"type": "string", "enum": ["open"]}, *SCHEMAS, "Wish"),
        'one of "open"',
    ),
    keeps(
        "request enum widened",
        put({"type": "string", "enum": ["open", "shut", "old"]}, *SCHEMAS, "Wish"),
        '"old"',
    ),
    keeps(
        "response enum narrowed",
        put({"type": "string", "enum": ["new"]}, *FIELDS, "state"),
        "Order.state",
    ),
    breaks(
        "response enum widened",
        put({"type": "string", "enum": ["new", "sent", "lost"]}, *FIELDS, "state"),
        '"lost"',
    ),
    breaks(
        "success status removed",
        rename("201", "200", *ORDERS, "post", "responses"),
        "answer 201",
    ),
    breaks(
        "success status added",
        put({"description": "Later."}, *ORDERS, "post", "responses", "202"),
        "answer 202",
    ),
    keeps("error status removed", put(GONE, *ORDERS, "get", "responses", "400"), "answer 400"),
    keeps(
        "error status added",
        put({"description": "No."}, *ORDERS, "get", "responses", "404"),
        "answer 404",
    ),
    breaks("parameter made required", put(YES, *QUERY, 0, "required"), "parameter state (query)"),
    keeps("parameter made optional", put(GONE, *QUERY, 1, "required"), "parameter page (query)"),
    breaks("parameter removed", put(GONE, *QUERY, 0), "parameter state (query)"),
    breaks("security changed", put([{"other": []}], "security"), "x-key"),
    breaks(
        "security scheme changed",
        put({"type": "http", "scheme": "basic"}, "components", "securitySchemes", "key"),
        "basic",
    ),
    keeps("security alternative added", put([{"key": []}, {"other": []}], "security"), "x-key"),
    keeps("security taken away", put([], "security"), "nothing"),
    keeps(
        "format password added",
        put({"type": "string", "format": "password"}, *FIELDS, "token"),
        "format password",
    ),
    keeps("operationId renamed", put("fetchOrder", *ONE_ORDER, "get", "operationId"), "fetchOrder"),
]

WORDS_ONLY = [
    ("description", put("Another word.", *FIELDS, "id", "description")),
    ("summary", put("Make one", *ORDERS, "post", "summary")),
    ("answer", put("Other words.", *ORDERS, "get", "responses", "200", "description")),
    ("example", put(["abc"], *FIELDS, "id", "examples")),
    ("title", put("Store", "info", "title")),
    ("tag", put([{"name": "Orders", "description": "x"}], "tags")),
    ("null as an alternative", put({"anyOf": [TEXT, {"type": "null"}]}, *FIELDS, "note")),
    (
        "a list of one type",
        put({"type": ["string"]}, *FIELDS, "id"),
    ),
    (
        "allOf of one",
        put({"allOf": [{"$ref": "#/components/schemas/Wish"}]}, *GIVEN, "wish"),
    ),
    ("a component inlined", put({"type": "string", "enum": ["shut", "open"]}, *GIVEN, "wish")),
]

BEYOND = [
    breaks(
        "two changes at once, one of them breaking",
        both(put(TEXT, *FIELDS, "colour"), put(GONE, *FIELDS, "price")),
        "Order.price",
    ),
    keeps(
        "path parameter renamed",
        both(
            rename("/orders/{orderId}", "/orders/{id}", "paths"),
            put("id", "paths", "/orders/{id}", "parameters", 0, "name"),
        ),
        "parameter orderId (path)",
    ),
    breaks(
        "required parameter added",
        put(
            [{"name": "day", "in": "query", "required": True, "schema": TEXT}],
            *ONE_ORDER,
            "get",
            "parameters",
        ),
        "parameter day (query)",
    ),
    breaks("parameter's type changed", put(TEXT, *QUERY, 1, "schema"), "string"),
    breaks("parameter moved", put("header", *QUERY, 0, "in"), "state (query)"),
    breaks("parameter's list written otherwise", put(NO, *QUERY, 0, "explode"), "explode"),
    keeps(
        "header's name in other letters",
        both(put("x-trace", *QUERY, 2, "name"), put(GONE, *ORDERS, "get", "responses", "400")),
        "answer 400",
    ),
    breaks("request longest length lowered", put(10, *GIVEN, "item", "maxLength"), "maxLength 10"),
    keeps("request longest length raised", put(80, *GIVEN, "item", "maxLength"), "maxLength 80"),
    breaks("request least length added", put(1, *GIVEN, "item", "minLength"), "minLength 1"),
    keeps("request least number gone", put(GONE, *GIVEN, "count", "minimum"), "minimum"),
    breaks("request pattern added", put("^a", *GIVEN, "item", "pattern"), "pattern"),
    breaks("request default changed", put(2, *GIVEN, "count", "default"), "default 2"),
    breaks("an answer's number may be anything", put({}, *FIELDS, "price"), "any type"),
    keeps("answer's number made an integer", put({"type": "integer"}, *FIELDS, "price"), "integer"),
    keeps("request integers may be larger", put("int64", *QUERY, 1, "schema", "format"), "int64"),
    breaks(
        "request text becomes a date",
        put({"type": "string", "format": "date"}, *GIVEN, "item"),
        "format date",
    ),
    breaks(
        "an alternative of a request removed",
        put([{"$ref": "#/components/schemas/Post"}], *GIVEN, "how", "oneOf"),
        "NewOrder.how",
    ),
    keeps(
        "an alternative of a request added",
        put(
            [{"$ref": f"#/components/schemas/{name}"} for name in ("Post", "Pickup", "Wish")],
            *GIVEN,
            "how",
            "oneOf",
        ),
        "or Wish",
    ),
    breaks(
        "an alternative of a request changed",
        put(["street", "city"], *SCHEMAS, "Post", "required"),
        "Post.city",
    ),
    breaks(
        "an answer gets alternatives",
        put({"anyOf": [TEXT, {"type": "integer"}]}, *FIELDS, "id"),
        "integer",
    ),
    breaks(
        "a condition that nothing here knows", put({"not": {"type": "null"}}, *GIVEN, "wish"), "not"
    ),
    breaks(
        "an open request is closed to a field it knew",
        both(put(YES, *NEW_ORDER, "additionalProperties"), put(GONE, *GIVEN, "count")),
        "NewOrder.count",
    ),
    keeps("a closed request is opened", put(GONE, *NEW_ORDER, "additionalProperties"), "any"),
    breaks(
        "a request field is for reading only",
        put(YES, *GIVEN, "count", "readOnly"),
        "NewOrder.count",
    ),
    breaks(
        "an answer's field is for writing only",
        put(YES, *FIELDS, "price", "writeOnly"),
        "Order.price",
    ),
    breaks(
        "an answer's media type changed",
        rename("application/json", "text/csv", *ORDERS, "get", "responses", "200", "content"),
        "application/json",
    ),
    breaks(
        "an answer's header removed",
        put(GONE, *ORDERS, "get", "responses", "200", "headers"),
        "header X-Count",
    ),
    breaks(
        "an answer loses its body",
        put(GONE, *ORDERS, "post", "responses", "201", "content"),
        "answer 201",
    ),
    breaks(
        "a body is asked for",
        put(
            {"required": True, "content": {"application/json": {"schema": TEXT}}},
            *ORDERS,
            "get",
            "requestBody",
        ),
        "request body",
    ),
    breaks("a server is gone", put([{"url": "https://other.example"}], "servers"), "other.example"),
    keeps(
        "a server is added",
        put([{"url": "https://shop.example/v1"}, {"url": "https://eu.example"}], "servers"),
        "eu.example",
    ),
    breaks("a word that nothing here knows", put(YES, *FIELDS, "id", "unheardOf"), "unheardOf"),
    breaks(
        "a callback",
        put({"done": {"{$request.body#/url}": {}}}, *ORDERS, "post", "callbacks"),
        "callbacks",
    ),
    keeps("every error by one word", rename("400", "4XX", *ORDERS, "post", "responses"), "4xx"),
    keeps("deprecated", put(YES, *ORDERS, "get", "deprecated"), "deprecated"),
    keeps("an extension", put("It harms nobody.", *ORDERS, "post", "x-repeatable"), "x-repeatable"),
]


def edited(edit: Edit, base: Document = SHOP) -> Document:
    document = copy.deepcopy(base)
    edit(document)
    return document
