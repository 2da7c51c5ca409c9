"""Which parts of the document a run has touched: keywords of requests, keywords of answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import jsonschema_rs

from .document import operations, resolved

_CONSTRAINTS: Final = frozenset(
    {"type", "enum", "const", "format", "pattern", "minLength", "maxLength", "minimum", "maximum"}
    | {"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems"}
    | {"required", "minProperties", "maxProperties", "additionalProperties"}
)


class Point(NamedTuple):
    """One keyword at one place of the document.

    Attributes:
        operation_id: The operation.
        place: "request body", "path clientId", "201" …
        path: Where in that, as `$.id`.
        keyword: The keyword; for a property that need not be there "present" and "absent".
    """

    operation_id: str
    place: str
    path: str
    keyword: str

    def __str__(self) -> str:
        return f"{self.operation_id}, {self.place}, {self.path}: {self.keyword}"


@dataclass
class Coverage:
    """Counts, for each keyword, the values that met it and those that violated it.

    Args:
        document: The OpenAPI document.

    Attributes:
        met: How many values met each keyword.
        violated: How many did not.
        statuses: How often each documented status was answered, by operationId.
    """

    document: Mapping[str, Any]
    met: Counter[Point] = field(default_factory=Counter)
    violated: Counter[Point] = field(default_factory=Counter)
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._is_old = str(self.document.get("openapi", "")).startswith("3.0")
        self._dialect = (
            jsonschema_rs.Draft4Validator if self._is_old else jsonschema_rs.Draft202012Validator
        )
        self._schemas: dict[tuple[str, str], Any] = {}
        self._validators: dict[str, Any] = {}
        self._requests: set[tuple[str, str]] = set()
        for _, _, operation, parameters in operations(self.document):
            name = operation["operationId"]
            for parameter in parameters:
                self._add(name, f"{parameter['in']} {parameter['name']}", parameter, request=True)
            body = resolved(self.document, operation.get("requestBody", {}))
            self._add(name, "request body", _json_of(body), request=True)
            for status, response in operation["responses"].items():
                self.statuses[name, str(status)] = 0
                answer = _json_of(resolved(self.document, response))
                self._add(name, str(status), answer, request=False)
        for place, schema in self._schemas.items():
            for point in self._points(place, schema, "$", set()):
                self.met[point] += 0
                self.violated[point] += 0

    def sent(self, operation_id: str, place: str, value: Any) -> None:
        """Note a value that was sent as a parameter or body."""
        self._note(operation_id, place, value)

    def answered(self, operation_id: str, status: int, value: Any) -> None:
        """Note an answer; `value` is None where it has no JSON."""
        names = [str(status), f"{status // 100}XX", "default"]
        name = next((one for one in names if (operation_id, one) in self.statuses), None)
        if name is not None:
            self.statuses[operation_id, name] += 1
            self._note(operation_id, name, value)

    def request_points(self) -> list[Point]:
        """Return the keywords of parameters and request bodies."""
        return [point for point in self.met if (point.operation_id, point.place) in self._requests]

    def answer_points(self) -> list[Point]:
        """Return the keywords of answers."""
        requests = self._requests
        return [point for point in self.met if (point.operation_id, point.place) not in requests]

    def _add(self, name: str, place: str, holder: Mapping[str, Any], *, request: bool) -> None:
        if "schema" in holder:
            self._schemas[name, place] = holder["schema"]
            if request:
                self._requests.add((name, place))

    def _note(self, operation_id: str, place: str, value: Any) -> None:
        schema = self._schemas.get((operation_id, place))
        if schema is not None:
            self._walk((operation_id, place), schema, "$", _plain(value))

    def _walk(self, place: tuple[str, str], schema: Any, path: str, value: Any) -> None:
        schema = resolved(self.document, schema)
        if not isinstance(schema, dict):
            return
        for keyword in _CONSTRAINTS & schema.keys():
            point = Point(*place, path, keyword)
            (self.met if self._meets(schema, keyword, value) else self.violated)[point] += 1
        if isinstance(value, dict):
            required = schema.get("required", [])
            for name, inner in schema.get("properties", {}).items():
                if name not in required:
                    kind = "present" if name in value else "absent"
                    self.met[Point(*place, f"{path}.{name}", kind)] += 1
                if name in value:
                    self._walk(place, inner, f"{path}.{name}", value[name])
        elif isinstance(value, list) and "items" in schema:
            for one in value[:100]:
                self._walk(place, schema["items"], f"{path}[]", one)

    def _points(
        self, place: tuple[str, str], schema: Any, path: str, above: set[int]
    ) -> Iterator[Point]:
        schema = resolved(self.document, schema)
        if not isinstance(schema, dict) or id(schema) in above:
            return
        above = above | {id(schema)}
        for keyword in sorted(_CONSTRAINTS & schema.keys()):
            yield Point(*place, path, keyword)
        for name, inner in schema.get("properties", {}).items():
            if name not in schema.get("required", []):
                yield Point(*place, f"{path}.{name}", "present")
                yield Point(*place, f"{path}.{name}", "absent")
            yield from self._points(place, inner, f"{path}.{name}", above)
        yield from self._points(place, schema.get("items"), f"{path}[]", above)

    def _meets(self, schema: Mapping[str, Any], keyword: str, value: Any) -> bool:
        if value is None and schema.get("nullable") is True and self._is_old:
            return True
        part = {keyword: schema[keyword]}
        if keyword == "additionalProperties":
            part["properties"] = dict.fromkeys(schema.get("properties", {}), True)
        if self._is_old and keyword.startswith("exclusive"):  # There it is a word of its limit.
            limit = keyword.removeprefix("exclusive").lower()
            part |= {limit: schema[limit]} if limit in schema else {}
        name = repr(part)
        if name not in self._validators:
            self._validators[name] = self._dialect(
                {**part, "components": self.document.get("components", {})}
            )
        return bool(self._validators[name].is_valid(value))


def _plain(value: Any) -> Any:
    """Return a generated value as plain JSON; what is marked with a class of its own loses it."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or type(value) in {bool, int, float, str}:
        return value
    return str(value)


def _json_of(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = holder.get("content", {}).get("application/json", {})
    return found
