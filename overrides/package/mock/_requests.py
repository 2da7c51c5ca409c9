"""What a request may hold: parameters, body, credentials. Anything else raises RefusalError."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from .._core.json import UnreadableError, load
from ._messages import RefusalError
from ._schemas import Schema, Schemas, essence, is_json, members

Texts: TypeAlias = Mapping[str, Sequence[str]]  # what came under each name

# OpenAPI: a header parameter of these names is to be ignored.
_NOT_PARAMETERS = ("accept", "content-type", "authorization")
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
COMMA = "\ue000"  # stands for a comma that came encoded: it parts no items
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Parameter:
    """One documented parameter of an operation."""

    def __init__(self, schemas: Schemas, node: Mapping[str, Any], where: str) -> None:
        self.name: str = node["name"]
        self.location: str = node["in"]  # path, query, header or cookie
        self.is_ignored = self.location == "header" and self.name.lower() in _NOT_PARAMETERS
        self._is_required = self.location == "path" or node.get("required") is True
        plain = "form" if self.location in ("query", "cookie") else "simple"
        self._style: str = node.get("style") or plain
        self._explode: bool = node.get("explode", self._style == "form")
        self._is_json = False
        for media_type, media in members(node, "content").items():
            self._is_json = is_json(media_type)
            node = media if self._is_json else {}  # which is not decoded here
        if self._style in ("matrix", "label"):  # ";name=value" and ".value" in a path
            node = {}  # as above
        self.schema = schemas.schema_of(node, f"{where}, parameter {self.name}")

    def read(self, texts: Mapping[str, Texts]) -> dict[str, Any]:
        """The parameter's value by its name, which its schema allows; {} where it is left out."""
        label = f"{self.location} parameter {self.name!r}"
        given = _find_texts(texts, self.location, self.name)
        is_list = "array" in self.schema.types and not self._is_json
        if is_list and not (self.location == "query" and self._explode):
            delimiter = _DELIMITERS.get(self._style, ",")
            given = [part.strip() for text in given for part in text.split(delimiter)]
        fields = self._find_fields(texts[self.location], given)
        if not fields and not given:
            if self._is_required:
                raise RefusalError(f"{label}: is required, and missing")
            return {}
        if len(given) > 1 and not is_list and not fields:
            raise RefusalError(f"{label}: is given {len(given)} times")
        if self._is_json:
            value = parse_json(given[0].replace(COMMA, ",").encode(), label)
        else:
            value = parse_fields(fields, self.schema) if fields else parse_texts(given, self.schema)
        if problem := self.schema.find_problem(value):
            raise RefusalError(f"{label}: {problem}")
        return {self.name: value}

    def _find_fields(self, texts: Texts, given: Sequence[str]) -> Texts:
        """The texts of an object's fields, where it is written as these."""
        names, is_query = self.schema.properties, self.location == "query"
        if is_query and self._style == "deepObject":
            start = self.name + "["
            return {key[len(start) : -1]: texts[key] for key in texts if key.startswith(start)}
        if is_query and self._style == "form" and self._explode:
            return {name: texts[name] for name in names if name in texts}
        if not names or not given or "," not in given[0] or self._is_json:
            return {}
        parts = re.split("[,=]" if self._explode else ",", given[0])
        return {name: [text] for name, text in zip(parts[::2], parts[1::2], strict=False)}


class RequestBody:
    """The documented body of an operation; one without content where the document has none."""

    def __init__(self, schemas: Schemas, node: Any, where: str) -> None:
        body, place = schemas.resolve(node or {}), f"{where}, request body"
        content = members(body, "content").items()
        self._is_required = body.get("required") is True
        # By media type or range.
        self.content = {essence(name): schemas.schema_of(one, place) for name, one in content}

    def read(self, content_type: str, body: bytes) -> tuple[Any, str]:
        """The body's value, None where it is left out, and what the document does not describe."""
        if not self.content:
            is_stray = bool(body) and parse_json(body) != {}
            return None, "request body: none is documented; send nothing, or {}" * is_stray
        if not body:
            if self._is_required:
                raise RefusalError("request body: is required, and missing")
            return None, ""
        came = essence(content_type)
        ranges = (came, f"{came.partition('/')[0]}/*", "*/*") if came else ()
        known = [self.content[one] for one in ranges if one in self.content]
        if not known:
            came = came or "no Content-Type"
            text = f"request body: must be {' or '.join(self.content)}, came with {came}"
            raise RefusalError(text, (415, 400, 422))
        schema = known[0]
        if is_json(content_type):
            value = parse_json(body)
        elif came in _FORMS:
            value = parse_fields(_read_form(content_type, body), schema)
        else:
            return body, ""
        if problem := schema.find_problem(value):
            raise RefusalError(f"request body: {problem}")
        stray = ", ".join(map(ascii, schema.find_stray(value)))
        return value, f"request body: keys that are not documented: {stray}" if stray else ""


class Security:
    """The alternatives of one operation; each is a list of schemes that must all be met."""

    def __init__(self, schemas: Schemas, own: Sequence[Any] | None) -> None:
        defined = members(members(schemas.document, "components"), "securitySchemes")
        requirements = schemas.document.get("security") if own is None else own
        named = [[defined[name] for name in one] for one in requirements or [{}]]
        # One of the type mutualTLS is settled before HTTP begins.
        self._alternatives = [
            [one for one in map(schemas.resolve, schemes) if one["type"] != "mutualTLS"]
            for schemes in named
        ]

    @property
    def is_open(self) -> bool:
        """Whether a caller needs no credential."""
        return not all(self._alternatives)

    def check(self, texts: Mapping[str, Texts], known: Collection[str] | None) -> str:
        """The credential by which the caller is known, "" where none is needed."""
        given = False
        for schemes in self._alternatives:
            credentials = [_find_credential(scheme, texts) for scheme in schemes]
            given = given or any(credentials)
            if all(one and (known is None or one in known) for one in credentials):
                return credentials[0] if credentials else ""
        prefixes = {_find_prefix(one) for schemes in self._alternatives for one in schemes} - {""}
        text = "The API key is not known" if given else "The API key is missing"
        headers = tuple(("www-authenticate", one.capitalize()) for one in sorted(prefixes))
        raise RefusalError(text, (401, 403), headers)


def _find_texts(texts: Mapping[str, Texts], location: str, name: str) -> Sequence[str]:
    return texts[location].get(name.lower() if location == "header" else name, [])


def _find_prefix(scheme: Mapping[str, Any]) -> str:
    """The HTTP authentication scheme; "" for a bare key."""
    return "" if scheme["type"] == "apiKey" else scheme.get("scheme", "bearer").lower()


def _find_credential(scheme: Mapping[str, Any], texts: Mapping[str, Texts]) -> str:
    """The credential that a request carries for a scheme, "" where it carries none."""
    prefix = _find_prefix(scheme)
    if not prefix:
        return [*_find_texts(texts, scheme["in"], scheme["name"]), ""][0].strip()
    text = [*_find_texts(texts, "header", "authorization"), ""][0]
    given, _, rest = text.strip().partition(" ")
    return rest.strip() if given.lower() == prefix else ""


def parse_texts(texts: Sequence[str], schema: Schema) -> Any:
    """The value that the texts of one name stand for, each as it stands where nothing fits."""
    if "array" in schema.types:
        return [_parse_text(one, schema.items) for one in texts]
    return _parse_text(texts[-1], schema)


def parse_fields(texts: Texts, schema: Schema) -> dict[str, Any]:
    """The values of an object's fields, which came as texts."""
    known = schema.properties
    return {
        name: parse_texts(each, known[name]) if name in known else each[-1]
        for name, each in texts.items()
    }


def _parse_text(text: str, schema: Schema) -> Any:
    types, text = schema.types, text.replace(COMMA, ",")
    if types <= {"string"}:
        return text
    try:
        value = load(text.encode())
    except ValueError:
        return None if not text and "null" in types and "string" not in types else text
    return value if "string" not in types or schema.is_valid(value) else text


def parse_pairs(text: bytes, label: str) -> dict[str, list[str]]:
    """The texts of a query, or of a form that is written as one, by their names."""
    try:
        return parse_qs(text.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise RefusalError(f"{label}: is not UTF-8") from None


def parse_json(body: bytes, label: str = "request body") -> Any:
    """Parse JSON as the standard has it."""
    try:
        return load(body)
    except UnreadableError as error:
        raise RefusalError(f"{label}: is not {error.expected}") from None


def _read_form(content_type: str, body: bytes) -> dict[str, list[str]]:
    """The texts of a form by their names."""
    if essence(content_type) == _FORMS[0]:
        return parse_pairs(body, "request body")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    fields: dict[str, list[str]] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        is_text = part.get_content_maintype() == "text" or is_json(part.get_content_type())
        content: Any = part.get_payload(decode=True)
        name = str(part.get_param("name", "", "content-disposition"))
        text = content.decode("utf-8", "replace") if is_text else "file"
        fields.setdefault(name, []).append(text)
    return fields
