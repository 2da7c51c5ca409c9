"""What a request may hold: its parameters, its body and its credentials.

What the document does not allow is refused: reading it raises RefusalError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from math import isfinite
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from ._messages import DocumentError, RefusalError, bad_request
from ._schemas import Schemas, Validator, best_range, essence, is_json, members

Texts = Mapping[str, Sequence[str]]  # what came under each name

# OpenAPI: a header parameter of these names is to be ignored.
_NOT_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_MOST_DIGITS = 400  # a whole number of more is out of every range
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter of an operation."""

    name: str
    location: str  # path, query, header or cookie
    required: bool
    style: str
    explode: bool
    is_json: bool
    types: frozenset[str]
    item_types: frozenset[str]
    properties: Mapping[str, frozenset[str]]
    validator: Validator | None = field(repr=False)

    def read(self, texts: Texts) -> tuple[bool, Any]:
        """Whether the parameter was given, and its value, which its schema allows."""
        label = f"{self.location} parameter {self.name!r}"
        given, value = self._decode(texts, label)
        if not given:
            if self.required:
                raise bad_request(f"{label}: is required, and missing")
            return False, None
        problem = self.validator.problem(value) if self.validator is not None else None
        if problem is not None:
            raise bad_request(f"{label}: {problem}")
        return True, value

    def _decode(self, texts: Texts, label: str) -> tuple[bool, Any]:
        fields = self._fields(texts) if self.location == "query" else {}
        if fields:
            return True, fields
        given = texts.get(self.name.lower() if self.location == "header" else self.name)
        if not given:
            return False, None
        if "array" in self.types and not self.is_json:
            if not (self.location == "query" and self.explode):
                delimiter = _DELIMITERS.get(self.style, ",")
                given = [part.strip() for text in given for part in text.split(delimiter)]
            return True, [parse_scalar(text, self.item_types) for text in given]
        if len(given) > 1:
            raise bad_request(f"{label}: is given {len(given)} times")
        if self.is_json:
            return True, parse_json(given[0].encode(), label)
        if self.properties and "," in given[0]:
            parts = re.split("[,=]" if self.explode else ",", given[0])
            return True, self._object(dict(zip(parts[::2], parts[1::2], strict=False)))
        return True, parse_scalar(given[0], self.types)

    def _fields(self, texts: Texts) -> dict[str, Any]:
        """The fields of an object that stand in the query by themselves."""
        named: dict[str, str] = {}
        if self.style == "deepObject":
            start = self.name + "["
            named = {key[len(start) : -1]: texts[key][-1] for key in texts if key.startswith(start)}
        elif self.style == "form" and self.explode:
            named = {name: texts[name][-1] for name in self.properties if name in texts}
        return self._object(named)

    def _object(self, named: Mapping[str, str]) -> dict[str, Any]:
        types = self.properties
        return {
            name: parse_scalar(one, types.get(name, frozenset())) for name, one in named.items()
        }


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The documented body of an operation."""

    required: bool
    schemas: Schemas = field(repr=False)
    content: Mapping[str, tuple[Any, Validator | None]] = field(repr=False)  # by type or range

    def read(self, content_type: str, body: bytes) -> tuple[Any, str]:
        """The body's value, parsed and validated where it is JSON or a form, else its bytes.

        None stands for a body that was left out where it may be. Beside it stands what the
        document does not describe, "" for nothing.
        """
        if not self.content:
            is_stray = bool(body) and parse_json(body) != {}
            return None, "request body: none is documented; send nothing, or {}" * is_stray
        if not body:
            if self.required:
                raise bad_request("request body: is required, and missing")
            return None, ""
        key = best_range(self.content, content_type) if content_type else None
        if key is None:
            came = essence(content_type) or "no Content-Type"
            raise RefusalError(
                (415, 400, 422),
                f"request body: must be {' or '.join(self.content)}, came with {came}",
            )
        schema, validator = self.content[key]
        if is_json(content_type):
            value = parse_json(body)
        elif essence(content_type) in (_URLENCODED, _MULTIPART) and validator is not None:
            value = self._form(schema, _read_form(content_type, body))
        else:
            return body, ""
        problem = validator.problem(value) if validator is not None else None
        if problem is not None:
            raise bad_request(f"request body: {problem}")
        stray = self.schemas.find_stray(schema, value)
        return value, f"request body: keys that are not documented: {stray}" if stray else ""

    def _form(self, schema: Any, fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
        properties = members(self.schemas.flatten(schema), "properties")
        value: dict[str, Any] = {}
        for name, text in fields:
            flat = self.schemas.flatten(properties.get(name, True))
            types = self.schemas.types(flat)
            if "array" in types:
                items = self.schemas.types(flat.get("items", True))
                value[name] = [*value.get(name, ()), parse_scalar(text, items)]
            elif "object" in types:
                value[name] = parse_json(text.encode())
            else:
                value[name] = parse_scalar(text, types)
        return value


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """One security scheme: where its credential stands."""

    location: str  # header, query, cookie, or "" where nothing on this layer can be checked
    name: str
    prefix: str  # the HTTP authentication scheme, "" for a bare key

    def credential(self, texts: Mapping[str, Texts]) -> str:
        """The credential that a request carries, "" where it carries none."""
        given = texts[self.location].get(self.name)
        text = given[0].strip() if given else ""
        if not self.prefix:
            return text
        scheme, _, rest = text.partition(" ")
        return rest.strip() if scheme.lower() == self.prefix else ""


@dataclass(frozen=True, slots=True)
class Security:
    """The alternatives of one operation; each is a set of schemes that must all be met."""

    alternatives: tuple[tuple[SecurityScheme, ...], ...]

    def check(self, texts: Mapping[str, Texts], known: Collection[str] | None) -> str:
        """The credential by which the caller is known, "" where none is needed."""
        given = False
        for schemes in self.alternatives:
            credentials = [scheme.credential(texts) for scheme in schemes if scheme.location]
            given = given or any(credentials)
            if all(one and (known is None or one in known) for one in credentials):
                return credentials[0] if credentials else ""
        prefixes = {scheme.prefix for schemes in self.alternatives for scheme in schemes}
        raise RefusalError(
            (401, 403),
            "The API key is not known" if given else "The API key is missing",
            tuple(("www-authenticate", one.capitalize()) for one in sorted(prefixes) if one),
        )


def parse_scalar(text: str, types: frozenset[str]) -> Any:
    """The text as the first of the types that it can be read as, else as it stands."""
    numeric = types & {"integer", "number"}
    if numeric and _INTEGER.match(text) and len(text) <= _MOST_DIGITS:
        return int(text)
    if "number" in types and _NUMBER.match(text) and isfinite(float(text)):
        return float(text)
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if "null" in types and "string" not in types and text in ("", "null"):
        return None
    return text


def parse_json(body: bytes, label: str = "request body") -> Any:
    """Parse JSON strictly: UTF-8, and no NaN or Infinity."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise bad_request(f"{label}: is not JSON ({place})") from None
    except (ValueError, RecursionError):
        raise bad_request(f"{label}: is not JSON") from None


def compile_parameters(schemas: Schemas, nodes: Iterable[Any], where: str) -> tuple[Parameter, ...]:
    """The parameters of an operation: those of its path item first, then its own."""
    found: dict[tuple[str, str], Parameter] = {}
    for node in nodes:
        parameter = _compile_parameter(schemas, schemas.resolve(node), where)
        if parameter.location != "header" or parameter.name.lower() not in _NOT_PARAMETERS:
            found[parameter.location, parameter.name] = parameter
    return tuple(found.values())


def compile_body(schemas: Schemas, node: Any, where: str) -> RequestBody:
    """The request body of an operation; one without content where the document has none."""
    body = schemas.resolve(node or {})
    content: dict[str, tuple[Any, Validator | None]] = {}
    for name, media in members(body, "content").items():
        media_type, schema = essence(name), media.get("schema", True)
        checked = is_json(name) or "*" in name or media_type in (_URLENCODED, _MULTIPART)
        validator = schemas.validator(schema, f"{where}, request body") if checked else None
        content[media_type] = schema, validator
    return RequestBody(body.get("required") is True, schemas, content)


def compile_security(schemas: Schemas, requirements: Sequence[Any], where: str) -> Security:
    """The security of an operation, whose own requirements (or the document's) are given."""
    defined = members(members(schemas.document, "components"), "securitySchemes")
    alternatives: list[tuple[SecurityScheme, ...]] = []
    for requirement in requirements:
        for name in requirement:
            if name not in defined:
                raise DocumentError(f"{where}: there is no security scheme {name!r}.")
        schemes = (_compile_scheme(schemas.resolve(defined[name])) for name in requirement)
        alternatives.append(tuple(schemes))
    return Security(tuple(alternatives) or ((),))


def _compile_scheme(node: Mapping[str, Any]) -> SecurityScheme:
    match node.get("type"):
        case "apiKey":
            name, location = node["name"], node["in"]
            return SecurityScheme(location, name.lower() if location == "header" else name, "")
        case "http":
            return SecurityScheme("header", "authorization", node["scheme"].lower())
        case "oauth2" | "openIdConnect":
            return SecurityScheme("header", "authorization", "bearer")
        case _:  # mutualTLS: settled before HTTP begins
            return SecurityScheme("", "", "")


def _compile_parameter(schemas: Schemas, node: Mapping[str, Any], where: str) -> Parameter:
    location, name = node["in"], node["name"]
    style = node.get("style") or ("form" if location in ("query", "cookie") else "simple")
    content = members(node, "content")
    media_type = next(iter(content), "")
    schema = (content[media_type] if content else node).get("schema", True)
    flat = schemas.flatten(schema)
    # Not decoded here, so not checked: ";name=value" and ".value" in a path, and other media.
    opaque = style in ("matrix", "label") or (bool(content) and not is_json(media_type))
    return Parameter(
        name=name,
        location=location,
        required=location == "path" or node.get("required") is True,
        style=style,
        explode=node.get("explode", style == "form"),
        is_json=is_json(media_type),
        types=frozenset() if opaque else schemas.types(schema),
        item_types=schemas.types(flat.get("items", True)),
        properties={
            key: schemas.types(value) for key, value in members(flat, "properties").items()
        },
        validator=None if opaque else schemas.validator(schema, f"{where}, parameter {name}"),
    )


def _read_form(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The names and texts of a form."""
    if essence(content_type) == _URLENCODED:
        try:
            return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            raise bad_request("request body: is no form") from None
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
    return [(str(part.get_param("name", "", "content-disposition")), _text(part)) for part in parts]


def _text(part: Any) -> str:
    """The content of a part of a form, where it is text or JSON."""
    if part.get_content_maintype() == "text":
        return str(part.get_content())
    is_text = is_json(part.get_content_type())
    return part.get_payload(decode=True).decode("utf-8", "replace") if is_text else "file"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
