"""What the templates are told of operations and properties beyond what the parser says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from openapi_python_client.config import Config
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.any import AnyProperty
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.responses import Response
from openapi_python_client.schema.untrusted_string import UntrustedString

from .document import Document
from .errors import GenerationError
from .naming import OperationNames, iterator_name
from .security import find_credentials

_FIRST_ERROR = 400
_REPEATABLE = {"get", "head", "put", "delete"}
# The names that the generated functions use themselves.
RESERVED = {
    *("self", "client", "timeout", "max_attempts", "body", "path", "headers"),
    *("cast", "core", "decode", "encode", "types", "additional_properties"),
}
_STYLES = {"pipeDelimited": "|", "spaceDelimited": " ", "deepObject": "deepObject"}


@dataclass(frozen=True)
class Link:
    """A link from a successful response to another operation."""

    operation_id: str
    parameters: dict[str, Any]
    body: Any


@dataclass
class Operation:
    """An operation as the templates see it."""

    endpoint: Endpoint
    names: OperationNames
    raw: dict[str, Any]
    raw_parameters: list[dict[str, Any]]
    repeatable: bool
    credentials: list[tuple[str, str, str | None]]
    links: list[Link]
    media_types: dict[tuple[str, str], str]
    secret_parameters: set[tuple[str, str]]
    responses: list[Response] = field(default_factory=list)
    errors: list[Response] = field(default_factory=list)
    taken_names: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        """Its operationId."""
        return self.names.id

    @property
    def path(self) -> str:
        """Its path, as the document has it."""
        return str(self.names.place[1])

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return str(self.names.place[2]).upper()

    @property
    def deprecated(self) -> bool:
        """Whether the document advises against it."""
        return self.raw.get("deprecated") is True

    @property
    def deprecated_parameters(self) -> set[tuple[str, str]]:
        """The locations and names of the parameters that the document advises against."""
        return {
            (p["in"], p["name"])
            for p in self.raw_parameters
            if p.get("deprecated") is True or p.get("schema", {}).get("deprecated") is True
        }

    @property
    def path_parts(self) -> list[tuple[str, Any]]:
        """The path as literal text and parameters in turn, each text already encoded."""
        by_name = {p.name.get_untrusted_value(): p for p in self.endpoint.path_parameters}
        parts: list[tuple[str, Any]] = []
        for text in re.split(r"(\{[^{}]*\})", self.path):
            if text.startswith("{"):
                parts.append(("parameter", by_name[text[1:-1]]))
            elif text:
                parts.append(("text", quote(text, safe="/:@!$&'()*+,;=~-._%")))
        return parts

    @property
    def exploded(self) -> list[str]:
        """The path and header parameters whose fields are written as pairs."""
        simple = (p for p in self.raw_parameters if p.get("in") in {"path", "header"})
        return [p["name"] for p in simple if p.get("explode") is True]

    @property
    def query_styles(self) -> dict[str, str]:
        """How the query parameters are written that are not written the usual way."""
        styles = {}
        for parameter in self.raw_parameters:
            style = parameter.get("style", "form")
            if parameter.get("in") != "query":
                continue
            if "content" in parameter:
                styles[parameter["name"]] = "json"
            elif style in _STYLES:
                if style == "deepObject" or parameter.get("explode") is not True:
                    styles[parameter["name"]] = _STYLES[style]
            elif parameter.get("explode") is False:
                styles[parameter["name"]] = ","
        return styles

    @property
    def item(self) -> Any:
        """What the one response is a list of; None where it is no list."""
        if len(self.responses) != 1 or self.responses[0].source["attribute"] != "response.json()":
            return None
        prop = self.responses[0].prop
        return prop.inner_property if isinstance(prop, ListProperty) else None

    @property
    def iterator_name(self) -> str | None:
        """The name of the method that yields the items; None where the response is no list."""
        name = iterator_name(self.names.method)
        while name in self.taken_names:
            name += "_"
        return None if self.item is None else name

    @property
    def method_names(self) -> list[str]:
        """The names of all its methods on the resource."""
        return [name for name in (self.names.method, self.iterator_name) if name is not None]

    @property
    def flat_body(self) -> ModelProperty | None:
        """The body whose fields are the method's own arguments; None where it is passed whole."""
        if len(self.endpoint.bodies) != 1 or self.endpoint.bodies[0].body_type != "json":
            return None
        prop = self.endpoint.bodies[0].prop
        if not isinstance(prop, ModelProperty):
            return None
        names = {str(p.python_name) for p in self.parameters}
        own = {str(p.python_name) for p in fields(prop)}
        return None if own & (names | RESERVED) else prop

    def media_type(self, body: Any) -> str:
        """Return the media type of one of its bodies, as the document has it."""
        return self.media_types[self.names.module, body.content_type.get_untrusted_value()]

    @property
    def has_optional_body(self) -> bool:
        """Whether a request may have no body."""
        return not all(body.prop.required for body in self.endpoint.bodies)

    @property
    def parameters(self) -> list[Any]:
        """All parameters: path, query, header and cookie."""
        return [p for _, p in self.endpoint.iter_all_parameters()]

    def response_field(self, parameter: Any, location: str) -> str | None:
        """Return the field of a successful response that repeats a parameter; None for none."""
        name = parameter.name.get_untrusted_value()
        for raw in self.raw_parameters:
            if (raw.get("name"), raw.get("in")) == (name, location):
                found = raw.get("x-response-field")
                if found is None or (isinstance(found, str) and found):
                    return found
                raise GenerationError(f"{self.id}: x-response-field of {name} has to name a field.")
        return None

    @property
    def repeated_parameters(self) -> list[Any]:
        """The parameters that a successful response repeats."""
        return [
            p for at, p in self.endpoint.iter_all_parameters() if self.response_field(p, str(at))
        ]

    @property
    def result_type(self) -> str:
        """The Python type of what the operation returns."""
        types = {
            "None" if r.source["attribute"] == "None" else annotation(r.prop, optional=False)
            for r in self.responses
        }
        return tidy_annotation(" | ".join(sorted(types)) or "None")

    @property
    def result_words(self) -> str:
        """What the operation returns, in words."""
        for response in self.responses:
            words = getattr(response.data, "description", None)
            if words and words.get_untrusted_value().strip():
                return str(words.get_untrusted_value())
        return "Nothing." if self.result_type == "None" else f"The {self.result_type}."

    @property
    def accept(self) -> str:
        """The media types of the responses, as an Accept header."""
        sources = {r.source["attribute"] for r in (*self.responses, *self.errors)}
        return "application/json" if sources <= {"response.json()", "None"} else "*/*"


def fields(model: Any) -> list[Any]:
    """Return the documented fields of a model, those first that have to be given."""
    return [*(model.required_properties or ()), *(model.optional_properties or ())]


def make_operation(
    endpoint: Endpoint,
    names: OperationNames,
    document: Document,
    config: Config,
    media_types: dict[tuple[str, str], str],
) -> Operation:
    """Return what the templates are told of an operation."""
    _, path, method = names.place
    raw = document.resolve(document.data["paths"][path])[method]
    parameters = [parameter for _, parameter in document.parameters(names.place)]
    _rename_reserved(endpoint, config)
    responses = list(endpoint.responses)
    successes = [
        r for r in responses if r.status_code.range and r.status_code.range[0] < _FIRST_ERROR
    ]
    if not successes and endpoint.responses.default is not None:
        successes = [endpoint.responses.default]
    return Operation(
        endpoint=endpoint,
        names=names,
        raw=raw,
        raw_parameters=parameters,
        secret_parameters={
            (p["in"], p["name"])
            for p in parameters
            if (document.resolve(p.get("schema")) or {}).get("format") == "password"
        },
        repeatable=method in _REPEATABLE or "x-repeatable" in raw,
        credentials=next(iter(find_credentials(document, raw)), []),
        links=list(_links(raw, document)),
        media_types=media_types,
        responses=successes,
        errors=[r for r in responses if not any(r is success for success in successes)],
    )


def _links(raw: dict[str, Any], document: Document) -> Iterator[Link]:
    """Yield the links of the successful responses, each with the id of the operation it names."""
    for status, value in (raw.get("responses") or {}).items():
        if not status.startswith("2"):
            continue
        for named in ((document.resolve(value) or {}).get("links") or {}).values():
            link = document.resolve(named) or {}
            target = link.get("operationId")
            if target is None and link.get("operationRef"):
                target = (document.look_up(link["operationRef"]) or {}).get("operationId")
            if target is not None:
                yield Link(str(target), link.get("parameters", {}), link.get("requestBody"))


def _rename_reserved(endpoint: Endpoint, config: Config) -> None:
    taken: set[str] = set(RESERVED)
    for location, parameter in endpoint.iter_all_parameters():
        while str(parameter.python_name) in taken:
            parameter.set_python_name(
                UntrustedString(f"{parameter.python_name}_{location}"), config=config
            )
        taken.add(str(parameter.python_name))


# Properties ------------------------------------------------------------------------------------


def annotation(prop: Any, *, optional: bool = True) -> str:
    """Return a property's type, None and Unset behind all else."""
    return tidy_annotation(prop.get_type_string(no_optional=not optional).as_unembedded_code())


def declaration(prop: Any, *, optional: bool = False) -> str:
    """Return a property as a function's parameter, which may be left out where that is said."""
    declared = f"{prop.python_name}: {annotation(prop)}"
    if prop.required and optional:
        return f"{prop.python_name}: {tidy_annotation(f'{annotation(prop)} | Unset')} = UNSET"
    return declared if prop.required else f"{declared} = UNSET"


def nullable_inner(prop: Any) -> Any:
    """Return what a union has beside null, where that is one type; else None."""
    if not isinstance(prop, UnionProperty):
        return None
    others = [p for p in prop.inner_properties if not isinstance(p, NoneProperty)]
    nullable = len(others) < len(prop.inner_properties)
    return others[0] if nullable and len(others) == 1 else None


def takes_null(prop: Any) -> bool:
    """Tell whether null is among a property's values."""
    inner = getattr(prop, "inner_properties", (prop,))
    return any(isinstance(p, NoneProperty | AnyProperty) for p in inner)


def or_none(annotation: str) -> str:
    """Return a type that may be None as well."""
    parts = annotation.split(" | ")
    return annotation if "None" in parts or parts == ["Any"] else f"{annotation} | None"


def instance_type(prop: Any) -> str:
    """Return what `isinstance` takes to check a parameter of this type."""
    if isinstance(prop, ConstProperty):
        return type(prop.value.raw_value).__name__
    if isinstance(prop, AnyProperty):
        return "object"
    if isinstance(prop, UnionProperty):
        return " | ".join(dict.fromkeys(map(instance_type, prop.inner_properties)))
    kind = str(prop.get_instance_type_string().as_unembedded_code())
    return "float | int" if kind == "float" else kind


def error_fields(operations: list[Operation]) -> list[str]:
    """Return the fields that may hold an error's text, the likeliest first.

    They are those of documented errors, and the two that servers use whatever is documented.
    """
    names: dict[str, None] = {"error": None, "message": None}
    for operation in operations:
        for error in operation.errors:
            for prop in fields(error.prop) if isinstance(error.prop, ModelProperty) else ():
                if annotation(prop, optional=False) in {"str", "str | None"}:
                    names[prop.name.get_untrusted_value()] = None
    likely = ("error", "message", "detail", "title", "error_description", "description")
    return sorted(names, key=lambda name: likely.index(name) if name in likely else len(likely))


@cache
def tidy_annotation(annotation: str) -> str:
    """Return an annotation in which None and Unset stand behind the other parts of a union."""
    if "|" not in annotation and "Literal[" not in annotation:
        return annotation
    return ast.unparse(_Tidy().visit(ast.parse(annotation, mode="eval")))


class _Tidy(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Put float in the place of a literal float, which type checkers do not know."""
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, float):
            return ast.Name("float")
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Sort the parts of a union."""
        parts = sorted(map(self.visit, _parts(node)), key=_rank)
        parts = [
            p for i, p in enumerate(parts) if ast.unparse(p) not in map(ast.unparse, parts[:i])
        ]
        union: ast.expr = parts[0]
        for part in parts[1:]:
            union = ast.BinOp(union, ast.BitOr(), part)
        return union


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_parts(node.left), *_parts(node.right)]
    return [node]


def _rank(node: ast.expr) -> int:
    return {"Unset": 1, "None": 2}.get(ast.unparse(node), 0)
