"""JSON values, media types, and the document's schemas: references, dialects, validators."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from itertools import islice
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, get_args
from urllib.parse import quote, unquote

from attrs import define

from ._messages import DocumentError, MockDependencyError

if TYPE_CHECKING:
    import jsonschema_rs

_BASE = "urn:openapi"
_IN_REFERENCES = "%#/~:@!$&'()*+,;=?"
# The members of these have names of the author's choice, which are no keywords.
_NAMED = {
    *("$defs", "content", "definitions", "dependentSchemas", "headers", "parameters"),
    *("patternProperties", "properties", "requestBodies", "responses", "schemas"),
}
_NAMES = ("boolean", "integer", "number", "string", "null", "object")
_TYPES = dict(zip((bool, int, float, str, NoneType, dict), _NAMES, strict=True))
_VALUES = frozenset({"const", "default", "enum", "example", "examples"})
_MOST_FINDINGS = 3
_MASK = "the value"


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def members(node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object at a key of another; an empty one where there is none."""
    value: Mapping[str, Any] | None = node.get(key)
    return value or {}


def essence(content_type: str) -> str:
    """The media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether a body of this media type is JSON."""
    subtype = essence(media_type).partition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


class Rule(NamedTuple):
    """A statement about the API, and how it is known."""

    name: str
    basis: str  # documented, assumed or observed
    says: str
    source: str


def find_objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a JSON value, in its order."""
    if is_object(value):
        yield value
    for one in value.values() if is_object(value) else value if is_array(value) else ():
        yield from find_objects(one)


def find_rules(document: Any) -> Iterator[Rule]:
    """The rules of a document, which stand in `x-basis`, in its order."""
    for node in find_objects(document):
        for name, rule in members(node, "x-basis").items():
            basis = next(key for key in rule if key != "source")
            yield Rule(name, basis, rule[basis], rule["source"])


@define(eq=False, repr=False)
class Schema:
    """A schema of a document. Texts name it by `where`, and of a value only its JSON path."""

    _schemas: Schemas
    node: Any
    where: str
    _given: Iterable[Any] = ()

    def is_valid(self, value: Any) -> bool:
        """Whether the value satisfies the schema."""
        return self.find_problem(value) is None

    def find_problem(self, value: Any) -> str | None:
        """What is wrong with the value (the first few findings), or None."""
        try:
            if self.compiled.is_valid(value):
                return None
            errors = list(islice(self.compiled.iter_errors(value), _MOST_FINDINGS))
        except (ValueError, UnicodeError, RecursionError):
            return "$: holds what JSON cannot say (a number out of range, half a surrogate pair)"
        return "; ".join(
            f"{_json_path(one.instance_path)}: {one.message} ({one.kind.name})" for one in errors
        )

    def find_stray(self, value: Any) -> list[str]:
        """The members of an object, else valid, that it does not describe, if it describes any."""
        errors = self._closed.iter_errors(value) if self.properties else ()
        return [name for one in errors for name in one.kind.as_dict()["unexpected"]]

    @cached_property
    def compiled(self) -> jsonschema_rs.Validator:
        """What validates by it; a DocumentError where it cannot be compiled."""
        return self._schemas.compile(self.node, self.where)

    @cached_property
    def _closed(self) -> jsonschema_rs.Validator:
        node = {"allOf": [self.node], "unevaluatedProperties": False}
        return self._schemas.compile(node, self.where)

    @cached_property
    def _keywords(self) -> dict[str, Any]:
        node = self._schemas.resolve(self.node)
        return node if is_object(node) else {}

    @cached_property
    def flat(self) -> dict[str, Any]:
        """Its keywords: references followed, allOf merged, the first alternative chosen."""
        result = {**self._keywords}
        parts = list(result.pop("allOf", ()))
        choices = [one for one in result.pop("anyOf", ()) if one != {"type": "null"}]
        for choice in choices[:1]:
            parts += [_discriminate(result.get("discriminator"), choice), choice]
        for part in parts:
            for name, value in self.inner(part, "").flat.items():
                if name == "properties":
                    known = result.get(name, {})
                    both = [one for one in known if one in value and known[one] != value[one]]
                    merged = {one: {"allOf": [known[one], value[one]]} for one in both}
                    result[name] = value | known | merged
                elif name == "required":
                    result[name] = list(dict.fromkeys([*value, *result.get(name, ())]))
                elif len(parts) == 1 or name not in {"default", "example", "examples"}:
                    result.setdefault(name, value)  # the example of a part is not the whole's
        return result

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that it names, or its parts do; none where any will do."""
        if "type" in self._keywords:
            named = self._keywords["type"]
            return frozenset([named] if isinstance(named, str) else named)
        parts = [one for key in ("allOf", "anyOf") for one in self._keywords.get(key, ())]
        return frozenset(name for one in parts for name in self.inner(one, "").types)

    @cached_property
    def properties(self) -> dict[str, Schema]:
        """The schemas of an object's described members."""
        named = members(self.flat, "properties")
        return {name: self.inner(one, f"property {name}") for name, one in named.items()}

    @cached_property
    def items(self) -> Schema:
        """The schema of an array's items."""
        return self.inner(self.flat.get("items", True), "items")

    @property
    def examples(self) -> list[Any]:
        """The values that the document has for it."""
        many = self.flat.get("examples")
        one = [self.flat[key] for key in ("example", "default") if key in self.flat]
        return [*self._given, *(many if is_array(many) else ()), *one]

    @property
    def is_password(self) -> bool:
        """Whether the value is a secret."""
        return self.flat.get("format") == "password"

    def inner(self, node: Any, place: str) -> Schema:
        """A schema that stands within this one."""
        return Schema(self._schemas, node, f"{self.where}, {place}")


class Schemas:
    """The schemas of one document as they hold in one direction: request or response.

    A value may fit several alternatives: `oneOf` of open objects would else allow nothing.
    """

    def __init__(self, document: Mapping[str, Any], direction: str) -> None:
        version = document.get("openapi")
        if not str(version).startswith("3.1"):
            text = f"The mock serves OpenAPI 3.1, and this document says {version!r}. "
            text += "Of 3.0, `make generate` makes 3.1."
            raise DocumentError(text)
        self._ignored = "readOnly" if direction == "request" else "writeOnly"
        try:
            self._library: Any = import_module("jsonschema_rs")
        except ImportError as error:  # the package can be imported without it
            distribution = __name__.split(".")[-3].replace("_", "-")
            text = (
                f"The mock needs jsonschema-rs: pip install '{distribution}[mock]', or that alone."
            )
            raise MockDependencyError(text, name="jsonschema_rs") from error
        self.document: dict[str, Any] = self._convert(document)
        self._registry = self._library.Registry([(_BASE, self.document)])

    def schema_of(self, node: Mapping[str, Any], where: str) -> Schema:
        """The compiled schema of a parameter, header or media type, with the examples beside it."""
        given = [self.resolve(one) for one in members(node, "examples").values()]
        given = [one["value"] for one in given if is_object(one) and "value" in one]
        given = [node["example"], *given] if "example" in node else given
        schema = Schema(self, node.get("schema", True), where, given)
        schema.is_valid(None)  # compiles it, or raises DocumentError
        return schema

    def compile(self, node: Any, where: str) -> jsonschema_rs.Validator:
        """What validates by a schema; a DocumentError where it cannot be compiled."""
        options = {"registry": self._registry, "validate_formats": True, "mask": _MASK}
        try:
            found: jsonschema_rs.Validator = self._library.Draft202012Validator(node, **options)
        except (ValueError, self._library.ReferencingError) as error:
            text = f"the schema cannot be compiled: {error}".partition("\n")[0]
            raise DocumentError(f"{where}: {text}") from None
        return found

    def resolve(self, node: Any) -> Any:
        """Follow `$ref` until something else stands there; siblings of it win."""
        if not is_object(node) or not isinstance(node.get("$ref"), str):
            return node
        target, reference = self.document, node["$ref"].removeprefix(_BASE)
        for step in reference[2:].split("/"):
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                target = target[int(key)] if is_array(target) else target[key]
            except (LookupError, TypeError, ValueError):
                raise DocumentError(f"The reference {reference!r} leads nowhere.") from None
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        return self.resolve({**target, **siblings} if siblings and is_object(target) else target)

    def _convert(self, node: Any, *, named: bool = False) -> Any:
        """A copy of the document, or of a part of it, as it holds here; values are left alone."""
        if is_array(node):
            return [self._convert(one) for one in node]
        if not is_object(node):
            return node
        result = {
            key: value
            if not named and (key in _VALUES or key.startswith("x-"))
            else self._convert(value, named=not named and key in _NAMED)
            for key, value in node.items()
        }
        if named:
            return result
        reference, properties, required = map(result.get, ("$ref", "properties", "required"))
        if isinstance(reference, str):
            if not reference.startswith("#/"):
                text = f"The reference {reference!r} leaves the document: bundle it into one file."
                raise DocumentError(text)
            result["$ref"] = _BASE + quote(reference, safe=_IN_REFERENCES)
        if is_object(properties) and is_array(required):
            inner = ((name, one) for name, one in properties.items() if is_object(one))
            ignored = {name for name, one in inner if one.get(self._ignored) is True}
            result["required"] = [name for name in required if name not in ignored]
        if is_array(result.get("oneOf")):
            choices = {"anyOf": result.pop("oneOf")}
            is_both = "anyOf" in result
            result |= {"allOf": [*result.get("allOf", ()), choices]} if is_both else choices
        return result


def _discriminate(discriminator: Any, choice: Any) -> Any:
    """What a discriminator adds to an alternative: the value of the property that names it."""
    if not is_object(discriminator) or not is_object(choice) or "$ref" not in choice:
        return True
    name = choice["$ref"].rpartition("/")[2]
    mapping = members(discriminator, "mapping").items()
    named = (value for value, target in mapping if target.rpartition("/")[2] == name)
    return {"properties": {discriminator.get("propertyName", ""): {"const": next(named, name)}}}


def _json_path(steps: list[str | int]) -> str:
    return "$" + "".join(
        f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
        for step in steps
    )


def describe_arguments(call: Callable[..., Any]) -> dict[str, Any]:
    """The schema of an object that holds the arguments of a function, but for the first."""
    _, *arguments = inspect.signature(call, eval_str=True).parameters.values()
    known = [one for one in arguments if one.kind != one.VAR_KEYWORD]
    defaults = {one.name: {"default": one.default} for one in known if one.default is not one.empty}
    types = {one.name: describe_type(one.annotation) for one in known}
    return {
        "type": "object",
        "properties": {name: one | defaults.get(name, {}) for name, one in types.items()},
        "required": [one.name for one in known if one.name not in defaults],
        "additionalProperties": len(known) < len(arguments),
    }


def describe_type(hint: Any) -> dict[str, Any]:
    """The schema of a type, of a list of one, or of an object by the types of its members."""
    if is_array(hint):
        return {"type": "array", "items": describe_type(hint[0])}
    if is_object(hint):
        inner = {name: describe_type(one) for name, one in hint.items()}
        return {"type": "object", "properties": inner, "required": list(inner)}
    if hasattr(hint, "__metadata__"):  # Annotated with further keywords
        return {**describe_type(hint.__origin__), **hint.__metadata__[0]}
    return {"type": [_TYPES[one] for one in get_args(hint) or [hint]]}


def find_wrong_argument(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> str | None:
    """What is wrong with arguments by a schema of `describe_arguments`, or None."""
    unknown = sorted(arguments.keys() - schema["properties"].keys())
    if unknown and not schema["additionalProperties"]:
        known = ", ".join(schema["properties"]) or "nothing"
        return f"There is no {unknown[0]!r} to be set here, but {known}"
    schemas = Schemas({"openapi": "3.1.0"}, "request")
    return schemas.schema_of({"schema": schema}, "").find_problem(arguments)
