"""The document's schemas: references, the dialects of OpenAPI 3.0 and 3.1, and validators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ._errors import DocumentError, MockDependencyError
from ._json import is_array, is_object

if TYPE_CHECKING:
    import jsonschema_rs

Direction: TypeAlias = Literal["request", "response"]
Schema: TypeAlias = Any  # a JSON Schema: an object or a boolean

_BASE = "urn:openapi"
_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLES = frozenset(
    {
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
# Outside of schemas, the keys whose members have names of the author's choice: a response may be
# named "default", which is then no keyword.
_NAMED = frozenset({"callbacks", "content", "encoding", "headers", "links", "paths", "responses"})
_VALUES = frozenset({"const", "default", "enum", "example", "examples"})
_SHOWN = 3
_DEPTH = 50
_MASK = "the value"


class Validator:
    """A compiled schema. Texts name the JSON path and the rule, and never show the value."""

    __slots__ = ("_compiled",)

    def __init__(self, compiled: jsonschema_rs.Draft202012Validator) -> None:
        self._compiled = compiled

    def is_valid(self, value: Any) -> bool:
        """Whether the value satisfies the schema."""
        try:
            return self._compiled.is_valid(value)
        except (ValueError, UnicodeError, RecursionError):
            return False

    def problem(self, value: Any) -> str | None:
        """What is wrong with the value (the first few findings), or None."""
        try:
            if self._compiled.is_valid(value):
                return None
            found = list(islice(self._compiled.iter_errors(value), _SHOWN))
        except (ValueError, UnicodeError, RecursionError):
            return "$: holds what JSON cannot say (a number out of range, half a surrogate pair)"
        return "; ".join(
            f"{_json_path(one.instance_path)}: {one.message} ({one.kind.name})" for one in found
        )


class Schemas:
    """The schemas of one document as they hold in one direction.

    A property that is `readOnly` is not required in a request, one that is `writeOnly` is
    not required in a response. Schemas of OpenAPI 3.0 are converted to JSON Schema 2020-12.
    """

    def __init__(self, document: Mapping[str, Any], direction: Direction) -> None:
        version = str(document.get("openapi", ""))
        if not version.startswith("3."):
            raise DocumentError("The mock serves OpenAPI 3.0 and 3.1; this document is neither.")
        self._ignored = "readOnly" if direction == "request" else "writeOnly"
        self._is_30 = version.startswith("3.0")
        self.document: dict[str, Any] = {
            key: self._components(value) if key == "components" else self._walk(value)
            for key, value in document.items()
        }
        self._library = _import_jsonschema_rs()
        self._registry = self._library.Registry([(_BASE, self.document)])

    def validator(self, schema: Schema, where: str) -> Validator:
        """Compile a schema taken from `self.document`.

        Raises:
            DocumentError: It is no schema. The text names `where`.
        """
        try:
            return Validator(
                self._library.Draft202012Validator(
                    schema, registry=self._registry, validate_formats=True, mask=_MASK
                )
            )
        except (ValueError, self._library.ReferencingError) as error:
            raise DocumentError(f"{where}: the schema cannot be compiled: {error}") from None

    def resolve(self, node: Any) -> Any:
        """Follow `$ref` until something else stands there; siblings of it win."""
        hops = 0
        while is_object(node) and isinstance(node.get("$ref"), str):
            hops += 1
            if hops > _DEPTH:
                raise DocumentError(f"The reference {node['$ref']!r} leads back to itself.")
            target = self._look_up(node["$ref"])
            siblings = {key: value for key, value in node.items() if key != "$ref"}
            node = {**target, **siblings} if siblings and is_object(target) else target
        return node

    def types(self, schema: Schema, depth: int = 0) -> frozenset[str]:
        """The JSON types that a schema names, through references and combinations."""
        schema = self.resolve(schema)
        if not is_object(schema) or depth > _DEPTH:
            return frozenset()
        named = schema.get("type")
        if named is not None:
            return frozenset([named] if isinstance(named, str) else named)
        parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ())]
        return frozenset(name for part in parts for name in self.types(part, depth + 1))

    def _look_up(self, reference: str) -> Any:
        pointer = reference.removeprefix(_BASE)
        if not pointer.startswith("#/"):
            raise DocumentError(
                f"The reference {reference!r} leaves the document. Bundle it into one file first."
            )
        node: Any = self.document
        for step in pointer[2:].split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                node = node[int(key)] if is_array(node) else node[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise DocumentError(f"The reference {reference!r} leads nowhere.") from None
        return node

    def _components(self, components: Any) -> Any:
        return {
            section: {
                name: self._schema(item) if section == "schemas" else self._walk(item)
                for name, item in content.items()
            }
            if is_object(content)
            else content
            for section, content in components.items()
        }

    def _walk(self, node: Any) -> Any:
        if is_array(node):
            return [self._walk(item) for item in node]
        if not is_object(node):
            return node
        return {key: self._member(key, value) for key, value in node.items()}

    def _member(self, key: str, value: Any) -> Any:
        if key == "schema":
            return self._schema(value)
        if key in _NAMED and is_object(value):
            return {name: self._walk(item) for name, item in value.items()}
        if key in _VALUES or key.startswith("x-"):
            return value
        return self._walk(value)

    def _schema(self, schema: Schema) -> Schema:
        if not is_object(schema):
            return schema
        reference = schema.get("$ref")
        if reference is not None and not str(reference).startswith("#/"):
            raise DocumentError(
                f"The reference {reference!r} leaves the document. Bundle it into one file first."
            )
        if reference is not None and self._is_30:
            return {"$ref": _BASE + reference}
        result = {key: self._keyword(key, value) for key, value in schema.items()}
        if reference is not None:
            result["$ref"] = _BASE + reference
        properties, required = result.get("properties"), result.get("required")
        if is_object(properties) and is_array(required):
            result["required"] = [
                name
                for name in required
                if not (
                    is_object(properties.get(name)) and properties[name].get(self._ignored) is True
                )
            ]
        return _from_30(result) if self._is_30 else result

    def _keyword(self, key: str, value: Any) -> Any:
        if key in _MAPS and is_object(value):
            return {name: self._schema(item) for name, item in value.items()}
        if key in _LISTS and is_array(value):
            return [self._schema(item) for item in value]
        return self._schema(value) if key in _SINGLES else value


def _import_jsonschema_rs() -> ModuleType:
    try:
        import jsonschema_rs  # noqa: PLC0415 - the package can be imported without it
    except ImportError as error:
        distribution = __name__.split(".")[-3].replace("_", "-")
        raise MockDependencyError(
            "The mock validates with jsonschema-rs, which is not installed. "
            f"Install it with: pip install '{distribution}[mock]' "
            "(in a vendored copy: pip install jsonschema-rs).",
            name="jsonschema_rs",
        ) from error
    return jsonschema_rs


def _from_30(schema: dict[str, Any]) -> dict[str, Any]:
    for bound, exclusive in (
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and bound in schema:
                schema[exclusive] = schema.pop(bound)
    if schema.pop("nullable", False) is not True:
        return schema
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        return schema
    if any(key in schema for key in ("allOf", "anyOf", "oneOf")):
        # What OpenAPI 3.0 says of "nullable" without "type" is nothing; what people mean is this.
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _json_path(steps: list[str | int]) -> str:
    return "$" + "".join(_json_path_steps(steps))


def _json_path_steps(steps: list[str | int]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, int):
            yield f"[{step}]"
        else:
            yield f".{step}" if step.isidentifier() else f"[{step!r}]"
