# Edited in overrides/package/mock/_schemas.py, from where `make generate` copies it.
"""The document's schemas: references, the dialects of OpenAPI 3.0 and 3.1, and validators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import unquote

from ._messages import DocumentError, MockDependencyError
from ._values import is_array, is_object, members

if TYPE_CHECKING:
    import jsonschema_rs

Direction: TypeAlias = Literal["request", "response"]
Schema: TypeAlias = Any  # a JSON Schema: an object or a boolean

_BASE = "urn:openapi"
# The members of these have names of the author's choice, which are no keywords.
_NAMED = frozenset(
    [
        *("$defs", "callbacks", "content", "definitions", "dependentSchemas", "encoding"),
        *("headers", "links", "parameters", "paths", "patternProperties", "properties"),
        *("requestBodies", "responses", "schemas"),
    ]
)
_VALUES = frozenset({"const", "default", "enum", "example", "examples"})
_MOST_FINDINGS = 3
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
            errors = list(islice(self._compiled.iter_errors(value), _MOST_FINDINGS))
        except (ValueError, UnicodeError, RecursionError):
            return "$: holds what JSON cannot say (a number out of range, half a surrogate pair)"
        return "; ".join(
            f"{_json_path(one.instance_path)}: {one.message} ({one.kind.name})" for one in errors
        )


class Schemas:
    """The schemas of one document as they hold in one direction.

    A property that is `readOnly` is not required in a request, one that is `writeOnly` is
    not required in a response. OpenAPI 3.0 becomes JSON Schema 2020-12. Alternatives are met
    by a value that fits several of them: `oneOf` of open objects would else allow nothing.
    """

    def __init__(self, document: Mapping[str, Any], direction: Direction) -> None:
        version = str(document.get("openapi", ""))
        if not version.startswith("3."):
            raise DocumentError("The mock serves OpenAPI 3.0 and 3.1; this document is neither.")
        self._ignored = "readOnly" if direction == "request" else "writeOnly"
        self._is_30 = version.startswith("3.0")
        self._library = _import_jsonschema_rs()
        self.document: dict[str, Any] = self._convert(document)
        lenient = _loosen(self.document)
        self._registries = {
            strict: self._library.Registry([(_BASE, self.document if strict else lenient)])
            for strict in (True, False)
        }

    def validator(self, schema: Schema, where: str, *, strict: bool = False) -> Validator:
        """Compile a schema taken from `self.document`.

        Raises:
            DocumentError: It is no schema. The text names `where`.
        """
        try:
            return Validator(
                self._library.Draft202012Validator(
                    schema if strict else _loosen(schema),
                    registry=self._registries[strict],
                    validate_formats=True,
                    mask=_MASK,
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
            target = self._look_up(node["$ref"].removeprefix(_BASE))
            siblings = {key: value for key, value in node.items() if key != "$ref"}
            node = {**target, **siblings} if siblings and is_object(target) else target
        return node

    def flatten(self, schema: Schema, branch: int = 0, depth: int = 0) -> dict[str, Any]:
        """The schema as one object: references followed, allOf merged, an alternative chosen."""
        schema = self.resolve(schema)
        if not is_object(schema) or depth > _DEPTH:
            return {}
        result = {key: schema[key] for key in schema.keys() - {"allOf", "anyOf", "oneOf"}}
        parts = list(schema.get("allOf", ()))
        for key in ("oneOf", "anyOf"):
            choices = [one for one in schema.get(key, ()) if one != {"type": "null"}]
            if choices:
                choice = choices[min(branch, len(choices) - 1)]
                parts += [_discriminate(schema, choice), choice]
        for part in parts:
            for name, value in self.flatten(part, branch, depth + 1).items():
                if name == "properties":
                    result[name] = _join(result.get(name, {}), value)
                elif name == "required":
                    result[name] = list(dict.fromkeys([*value, *result.get(name, ())]))
                elif len(parts) == 1 or name not in {"default", "example", "examples"}:
                    result.setdefault(name, value)  # the example of a part is not the whole's
        return result

    def alternatives(self, schema: Schema) -> int:
        """How many alternatives a schema has at its top."""
        schema = self.resolve(schema)
        if not is_object(schema):
            return 1
        return max(len(schema.get(key, ())) for key in ("oneOf", "anyOf")) or 1

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
        node: Any = self.document
        for step in reference[2:].split("/"):
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                node = node[int(key)] if is_array(node) else node[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise DocumentError(f"The reference {reference!r} leads nowhere.") from None
        return node

    def _convert(self, node: Any, *, named: bool = False) -> Any:
        if is_array(node):
            return [self._convert(item) for item in node]
        if not is_object(node):
            return node
        result: dict[str, Any] = {
            key: value
            if not named and (key in _VALUES or key.startswith("x-"))
            else self._convert(value, named=not named and key in _NAMED)
            for key, value in node.items()
        }
        if named:
            return result
        reference, required = node.get("$ref"), node.get("required")
        if isinstance(reference, str):
            if not reference.startswith("#/"):
                raise DocumentError(
                    f"The reference {reference!r} leaves the document. "
                    "Bundle it into one file first."
                )
            result = {"$ref": _BASE + reference} if self._is_30 else result
            result["$ref"] = _BASE + reference
        properties = node.get("properties")
        if is_object(properties) and is_array(required):
            ignored = {
                name
                for name, one in properties.items()
                if is_object(one) and one.get(self._ignored) is True
            }
            result["required"] = [name for name in required if name not in ignored]
        return _convert_30(result) if self._is_30 else result


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


def _loosen(node: Any, *, named: bool = False) -> Any:
    """The same schemas, with anyOf in the place of oneOf."""
    if is_array(node):
        return [_loosen(item) for item in node]
    if not is_object(node):
        return node
    result = {
        key: value
        if not named and key in _VALUES
        else _loosen(value, named=not named and key in _NAMED)
        for key, value in node.items()
    }
    if not named and is_array(result.get("oneOf")):
        result["allOf"] = [*result.get("allOf", ()), {"anyOf": result.pop("oneOf")}]
    return result


def _convert_30(schema: dict[str, Any]) -> dict[str, Any]:
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and bound in schema:
                schema[exclusive] = schema.pop(bound)
    if schema.get("nullable") is not True:
        return schema
    del schema["nullable"]
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if is_array(schema.get("enum")):
            schema["enum"] = [*schema["enum"], None]
    elif schema.keys() & {"allOf", "anyOf", "oneOf"}:
        # What OpenAPI 3.0 says of "nullable" without "type" is nothing; what people mean is this.
        own: dict[str, Any] = {}
        for key in schema.keys() & {"default", "example"}:
            own[key] = schema.pop(key)
        return {"anyOf": [schema, {"type": "null"}], **own}
    return schema


def _join(properties: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        name: {"allOf": [properties[name], schema]}
        for name, schema in more.items()
        if name in properties and schema != properties[name]
    }
    return {**more, **properties, **both}


def _discriminate(schema: Mapping[str, Any], choice: Schema) -> Schema:
    """What a discriminator adds to an alternative: the value of the property that names it."""
    discriminator = schema.get("discriminator")
    reference = choice.get("$ref") if is_object(choice) else None
    if not is_object(discriminator) or not isinstance(reference, str):
        return True
    name = reference.rpartition("/")[2]
    for value, target in members(discriminator, "mapping").items():
        if target.rpartition("/")[2] == name:
            name = value
            break
    return {"properties": {discriminator.get("propertyName", ""): {"const": name}}}


def _json_path(steps: list[str | int]) -> str:
    return "$" + "".join(_json_path_steps(steps))


def _json_path_steps(steps: list[str | int]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, int):
            yield f"[{step}]"
        else:
            yield f".{step}" if step.isidentifier() else f"[{step!r}]"
