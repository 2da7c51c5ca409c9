"""What the templates are told about each operation beyond what openapi-python-client parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from openapi_python_client.config import Config
from openapi_python_client.parser.openapi import Endpoint, generate_operation_id
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.responses import Response
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonIdentifier

from .errors import GenerationError
from .naming import iterator_name, method_name, tidy_annotation

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FIRST_ERROR = 400
_REPEATABLE = {"get", "head", "put", "delete"}
# The names that the generated functions use themselves.
_RESERVED = {
    *("self", "client", "timeout", "max_attempts", "body", "path", "headers"),
    *("cast", "core", "decode", "encode", "types"),
}


@dataclass(frozen=True)
class RawOperation:
    """An operation as it stands in the document."""

    path: str
    method: str
    data: dict[str, Any]
    parameters: list[dict[str, Any]]


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
    raw: RawOperation
    id: str
    resource: str
    method_name: str
    repeatable: bool
    credential: tuple[str, str | None] | None
    links: list[Link]
    secret_parameters: set[tuple[str, str]]
    answers: list[Response] = field(default_factory=list)
    errors: list[Response] = field(default_factory=list)

    @property
    def module(self) -> str:
        """The name of the operation's module."""
        return str(self.endpoint.name)

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return self.raw.method.upper()

    @property
    def deprecated(self) -> bool:
        """Whether the document advises against it."""
        return self.raw.data.get("deprecated") is True

    @property
    def deprecated_parameters(self) -> set[tuple[str, str]]:
        """The locations and names of the parameters that the document advises against."""
        return {
            (p["in"], p["name"])
            for p in self.raw.parameters
            if p.get("deprecated") is True or p.get("schema", {}).get("deprecated") is True
        }

    @property
    def path_parts(self) -> list[tuple[str, Any]]:
        """The path as literal text and parameters in turn, each text already encoded."""
        by_name = {p.name.get_untrusted_value(): p for p in self.endpoint.path_parameters}
        parts: list[tuple[str, Any]] = []
        for text in re.split(r"(\{[^{}]*\})", self.raw.path):
            if text.startswith("{"):
                parts.append(("parameter", by_name[text[1:-1]]))
            elif text:
                parts.append(("text", quote(text, safe="/:@!$&'()*+,;=~-._%")))
        return parts

    @property
    def joined_query_names(self) -> list[str]:
        """The query parameters whose lists are sent as one value with commas."""
        return [
            parameter["name"]
            for parameter in self.raw.parameters
            if parameter.get("in") == "query" and parameter.get("explode") is False
        ]

    @property
    def item(self) -> Any:
        """What the one answer is a list of; None where it is no list."""
        if len(self.answers) != 1 or self.answers[0].source["attribute"] != "response.json()":
            return None
        prop = self.answers[0].prop
        return prop.inner_property if isinstance(prop, ListProperty) else None

    @property
    def iterator_name(self) -> str | None:
        """The name of the method that yields the items; None where the answer is no list."""
        return None if self.item is None else iterator_name(self.method_name)

    @property
    def method_names(self) -> list[str]:
        """The names of all its methods on the resource."""
        return [name for name in (self.method_name, self.iterator_name) if name is not None]

    @property
    def flat_body(self) -> ModelProperty | None:
        """The body whose fields are the method's own arguments; None where it is passed whole."""
        if len(self.endpoint.bodies) != 1 or self.endpoint.bodies[0].body_type != "json":
            return None
        prop = self.endpoint.bodies[0].prop
        if not isinstance(prop, ModelProperty) or prop.additional_properties:
            return None
        if not prop.required and prop.required_properties:
            return None
        names = {str(p.python_name) for p in self.parameters}
        own = {str(p.python_name) for p in _fields(prop)}
        return None if own & (names | _RESERVED) else prop

    @property
    def parameters(self) -> list[Any]:
        """All parameters: path, query, header and cookie."""
        return [p for _, p in self.endpoint.iter_all_parameters()]

    def response_field(self, parameter: Any, location: str) -> str | None:
        """The field of a successful response that repeats a parameter; None for none.

        Raises:
            GenerationError: The document names it by something that is no name.
        """
        name = parameter.name.get_untrusted_value()
        for raw in reversed(self.raw.parameters):
            if (raw.get("name"), raw.get("in")) == (name, location):
                field = raw.get("x-response-field")
                if field is None or (isinstance(field, str) and field):
                    return field
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
        """The Python type of what the operation answers."""
        types = {
            "None"
            if answer.source["attribute"] == "None"
            else tidy_annotation(answer.prop.get_type_string().as_unembedded_code())
            for answer in self.answers
        }
        return tidy_annotation(" | ".join(sorted(types)) or "None")

    @property
    def accept(self) -> str:
        """The media types of the answers, as an Accept header."""
        sources = {a.source["attribute"] for a in (*self.answers, *self.errors)}
        return "application/json" if sources <= {"response.json()", "None"} else "*/*"


def _fields(model: ModelProperty) -> list[Any]:
    return [*(model.required_properties or ()), *(model.optional_properties or ())]


def raw_operations(document: dict[str, Any], config: Config) -> dict[str, RawOperation]:
    """Return the document's operations by the name that openapi-python-client gives each.

    Raises:
        GenerationError: Two operations come to the same name.
    """
    found: dict[str, RawOperation] = {}
    for raw in _walk(document):
        operation_id = raw.data.get("operationId")
        name = str(
            PythonIdentifier(operation_id, prefix=config.field_prefix)
            if operation_id is not None
            else generate_operation_id(
                path=UntrustedString(raw.path), method=raw.method, prefix=config.field_prefix
            )
        )
        if name in found:
            first = found[name]
            raise GenerationError(
                f"Two operations come to the name {name}: {first.method.upper()} {first.path} and "
                f"{raw.method.upper()} {raw.path}. Give one another operationId."
            )
        found[name] = raw
    return found


def _walk(document: dict[str, Any]) -> Iterator[RawOperation]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                data = item[method]
                parameters = [
                    _resolved(p, document)
                    for p in (*item.get("parameters", ()), *data.get("parameters", ()))
                ]
                yield RawOperation(path, method, data, parameters)


def _resolved(value: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        value = found
    return value


def operation_context(
    endpoint: Endpoint, raw: RawOperation, document: dict[str, Any], config: Config, resource: str
) -> Operation:
    """Return what the templates are told about an operation."""
    operation_id = raw.data.get("operationId") or str(endpoint.name)
    tag = (raw.data.get("tags") or ["default"])[0]
    _rename_reserved(endpoint, config)
    responses = list(endpoint.responses)
    answers = [
        r for r in responses if r.status_code.range and r.status_code.range[0] < _FIRST_ERROR
    ]
    if not answers and endpoint.responses.default is not None:
        answers = [endpoint.responses.default]
    reason = raw.data.get("x-repeatable")
    if reason is not None and not (isinstance(reason, str) and reason.strip()):
        raise GenerationError(f"{operation_id}: x-repeatable has to say why, in words.")
    return Operation(
        endpoint=endpoint,
        raw=raw,
        id=operation_id,
        resource=resource,
        method_name=method_name(raw.data, operation_id, tag),
        repeatable=raw.method in _REPEATABLE or reason is not None,
        credential=_credential(raw, operation_id, document),
        links=list(_links(raw, document)),
        secret_parameters={
            (p["in"], p["name"])
            for p in raw.parameters
            if _resolved(p.get("schema", {}), document).get("format") == "password"
        },
        answers=answers,
        errors=[r for r in responses if not any(r is answer for answer in answers)],
    )


def _links(raw: RawOperation, document: dict[str, Any]) -> Iterator[Link]:
    """Yield the links of the successful responses, each with the id of the operation it names."""
    for status, response in raw.data.get("responses", {}).items():
        if not status.startswith("2"):
            continue
        for value in _resolved(response, document).get("links", {}).values():
            link = _resolved(value, document)
            target = link.get("operationId")
            if target is None:
                named = {"$ref": link.get("operationRef", "")}
                target = _resolved(named, document).get("operationId")
            if target is not None:
                yield Link(str(target), link.get("parameters", {}), link.get("requestBody"))


def _rename_reserved(endpoint: Endpoint, config: Config) -> None:
    for location, parameter in endpoint.iter_all_parameters():
        if parameter.python_name in _RESERVED:
            parameter.set_python_name(
                UntrustedString(f"{parameter.python_name}_{location}"), config=config
            )
    names = [str(p.python_name) for _, p in endpoint.iter_all_parameters()]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise GenerationError(
            f"{endpoint.name}: two parameters come to the name {', '.join(doubled)}. Rename one."
        )


def _credential(
    raw: RawOperation, operation_id: str, document: dict[str, Any]
) -> tuple[str, str | None] | None:
    requirements = [r for r in raw.data.get("security", document.get("security")) or () if r]
    if not requirements:
        return None
    schemes = document.get("components", {}).get("securitySchemes", {})
    problems: list[str] = []
    for requirement in requirements:
        if len(requirement) > 1:
            problems.append(f"{' and '.join(requirement)} together")
            continue
        name = next(iter(requirement))
        if name not in schemes:
            raise GenerationError(f"{operation_id}: there is no security scheme named {name}.")
        scheme = _resolved(schemes[name], document)
        match scheme.get("type"), scheme.get("in"):
            case "http", _:
                return ("Authorization", str(scheme["scheme"]).capitalize())
            case (("oauth2" | "openIdConnect"), _):
                return ("Authorization", "Bearer")
            case "apiKey", "header":
                return (str(scheme["name"]), None)
            case "mutualTLS", _:
                return None
            case kind, place:
                problems.append(f"{name} ({kind} in {place})")
    raise GenerationError(
        f"{operation_id}: its security cannot be generated: {', '.join(problems)}. A key is "
        "sent in one header: of type http, oauth2, openIdConnect, or apiKey in a header."
    )
