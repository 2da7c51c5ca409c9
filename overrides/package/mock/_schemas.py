"""JSON values, media types, and the document's schemas: references, dialects, validators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeGuard
from urllib.parse import quote, unquote

from ._messages import DocumentError, MockDependencyError

if TYPE_CHECKING:
    import jsonschema_rs

Direction: TypeAlias = Literal["request", "response"]
Schema: TypeAlias = Any  # a JSON Schema: an object or a boolean

_BASE = "urn:openapi"
_IN_REFERENCES = "%#/~:@!$&'()*+,;=?"
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


def success_key(by_key: Mapping[str, Any]) -> str:
    """The lowest 2xx, else the lowest 3xx, else what there is."""
    for group in ("2", "3"):
        keys = sorted(key for key in map(str, by_key) if key.startswith(group))
        if keys:
            return keys[0]
    return "default" if "default" in by_key else min(by_key)


def essence(content_type: str) -> str:
    """The media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether a body of this media type is JSON."""
    subtype = essence(media_type).partition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


def matches(media_range: str, media_type: str) -> bool:
    """Whether a range such as `text/*` or `*/*` holds the media type."""
    wanted, given = essence(media_range), essence(media_type)
    return wanted in ("*/*", given) or (wanted.endswith("/*") and given.startswith(wanted[:-1]))


def best_range(ranges: Iterable[str], media_type: str) -> str | None:
    """The narrowest of the documented ranges that holds the media type."""
    held = [candidate for candidate in ranges if matches(candidate, media_type)]
    return min(held, key=lambda candidate: candidate.count("*"), default=None)


class Rule(NamedTuple):
    """A statement about the API, and how it is known."""

    name: str
    basis: str  # documented, assumed or observed
    says: str
    source: str


def find_rules(document: Any) -> Iterator[Rule]:
    """The rules of a document, which stand in `x-basis`, in its order."""
    if is_object(document):
        for name, rule in members(document, "x-basis").items():
            basis = next(key for key in rule if key != "source")
            yield Rule(name, basis, rule[basis], rule["source"])
    for node in document.values() if is_object(document) else document:
        if is_object(node) or is_array(node):
            yield from find_rules(node)


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
    not required in a response. Alternatives are met by a value that fits several of them:
    `oneOf` of open objects would else allow nothing.
    """

    def __init__(self, document: Mapping[str, Any], direction: Direction) -> None:
        version = document.get("openapi")
        if not str(version).startswith("3.1"):
            raise DocumentError(
                f"The mock serves OpenAPI 3.1, and this document says {version!r}. "
                "Of 3.0, `make generate` makes a package whose openapi.json says 3.1."
            )
        self._ignored = "readOnly" if direction == "request" else "writeOnly"
        self._library = _import_jsonschema_rs()
        self.document: dict[str, Any] = _rewrite(document, self._convert)
        self._registry = self._library.Registry([(_BASE, self.document)])

    def validator(self, schema: Schema, where: str) -> Validator:
        """Compile a schema of `self.document`, or raise DocumentError, whose text has `where`."""
        options = {"registry": self._registry, "validate_formats": True, "mask": _MASK}
        try:
            return Validator(self._library.Draft202012Validator(schema, **options))
        except (ValueError, self._library.ReferencingError) as error:
            problem = str(error).partition("\n")[0]
            raise DocumentError(f"{where}: the schema cannot be compiled: {problem}") from None

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
        result = {key: schema[key] for key in schema.keys() - {"allOf", "anyOf"}}
        parts = list(schema.get("allOf", ()))
        choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
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

    def find_stray(self, schema: Schema, value: Any) -> str:
        """The keys of an object that its schema does not describe, where it has a list of them."""
        branches = [self.flatten(schema, one) for one in range(self.alternatives(schema))]
        known = {name for flat in branches for name in members(flat, "properties")}
        says_more = {"additionalProperties", "patternProperties", "unevaluatedProperties"}
        if not known or not is_object(value) or any(says_more & flat.keys() for flat in branches):
            return ""
        return ", ".join(ascii(name) for name in value if name not in known)

    def alternatives(self, schema: Schema) -> int:
        """How many alternatives a schema has at its top."""
        schema = self.resolve(schema)
        return (len(schema.get("anyOf", ())) if is_object(schema) else 0) or 1

    def types(self, schema: Schema, depth: int = 0) -> frozenset[str]:
        """The JSON types that a schema names, through references and combinations."""
        schema = self.resolve(schema)
        if not is_object(schema) or depth > _DEPTH:
            return frozenset()
        named = schema.get("type")
        if named is not None:
            return frozenset([named] if isinstance(named, str) else named)
        parts = [part for key in ("allOf", "anyOf") for part in schema.get(key, ())]
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

    def _convert(self, node: dict[str, Any]) -> dict[str, Any]:
        """One object of the document, whose inner ones are converted, in its 3.1 form."""
        reference, properties, required = (node.get(n) for n in ("$ref", "properties", "required"))
        if isinstance(reference, str):
            if not reference.startswith("#/"):
                raise DocumentError(
                    f"The reference {reference!r} leaves the document. "
                    "Bundle it into one file first."
                )
            return {**node, "$ref": _BASE + quote(reference, safe=_IN_REFERENCES)}
        if is_object(properties) and is_array(required):
            node["required"] = [
                name for name in required if not self._is_ignored(properties.get(name))
            ]
        if is_array(node.get("oneOf")):
            choices = {"anyOf": node.pop("oneOf")}
            node |= {"allOf": [*node.get("allOf", ()), choices]} if "anyOf" in node else choices
        return node

    def _is_ignored(self, schema: Schema) -> bool:
        return is_object(schema) and schema.get(self._ignored) is True


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


def _rewrite(node: Any, change: Callable[[dict[str, Any]], Any], *, named: bool = False) -> Any:
    """A copy in which each object is changed, the inner ones first; values are left alone."""
    if is_array(node):
        return [_rewrite(item, change) for item in node]
    if not is_object(node):
        return node
    result = {
        key: value
        if not named and (key in _VALUES or key.startswith("x-"))
        else _rewrite(value, change, named=not named and key in _NAMED)
        for key, value in node.items()
    }
    return result if named else change(result)


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
    return "$" + "".join(
        f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
        for step in steps
    )
