# Edited in overrides/package/_core/operation.py, from where `make generate` copies it.
"""What an operation is, and a request for one."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import UserDict, defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar
from urllib.parse import quote

from .._secrets import Record, Secret
from ..errors import InvalidRequestError
from ..types import UNSET, RequestFiles
from . import encode
from .decode import Decoder, ResponseParser
from .deprecation import warn_of

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_IN_PATHS: Final = "/:@!$&'()*+,;=~-._%"
_IN_COOKIES: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"

_WRITERS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "json": encode.json_body,
    "data": lambda body: encode.form_body(body.to_dict()),
    "content": lambda body: body.payload.read(),
}
Status = int | str
"""A status as a specification names it: 201, "4XX" or "default"."""


class Credential(NamedTuple):
    """How an operation wants the key."""

    header: str
    scheme: str | None = None  # what stands before it, as `Bearer`, or `name=` in a cookie
    name: str | None = None  # the security scheme, where it is another than that of `api_key`

    def header_field(self, key: Secret[str]) -> tuple[str, Secret[str]]:
        """Return the header field that carries the key: its name and its value."""
        if self.scheme == "Basic" and ":" in key.reveal():
            key = Secret(b64encode(key.reveal().encode()).decode())
        if self.header == "Cookie":
            return self.header, Secret(f"{self.scheme}{quote(key.reveal(), safe=_IN_COOKIES)}")
        prefix = f"{self.scheme} " if self.scheme else ""
        return self.header, Secret(prefix + key.reveal())


class Parameter(NamedTuple):
    """A parameter of an operation, or a field of its body that its method takes as an argument."""

    name: str  # in the specification
    python_name: str
    location: Literal["path", "query", "header", "cookie", "body"]
    required: bool
    secret: bool = False
    response_field: str | None = None  # that repeats it in a successful response


class Style(NamedTuple):
    """How a parameter is written."""

    style: str | None = None  # where it is not the usual one
    kind: Any = str  # the type of one in a path
    deprecated: bool = False


class Content(NamedTuple):
    """A way in which a body is written."""

    media_type: str
    kind: Literal["json", "data", "files", "content"]
    type: Any  # of what is written so
    deprecated: tuple[str, ...] = ()  # its fields


class Body(NamedTuple):
    """The body of an operation's requests."""

    media_types: tuple[str, ...]  # the preferred one first
    model: type[Any] | None = None
    arguments: tuple[Parameter, ...] = ()  # its fields; none where it is passed whole, as `body`
    required: bool = False


class Link(NamedTuple):
    """Another operation that can be called with a response's values, by runtime expressions."""

    operation_id: str
    parameters: Mapping[str, Any]
    body: Any = None


class Operation(Record, Generic[T_co]):
    """An operation as the specification describes it."""

    id: str  # its operationId; without one, the name of its module
    method: str
    path: str  # with the names of parameters in braces
    resource: str  # the client's attribute that has its method, the one of its first tag
    method_name: str
    iterator_name: str | None = None  # of the method that yields the items of a list
    parameters: tuple[Parameter, ...] = ()
    styles: Mapping[str, Style] = MappingProxyType({})  # by the parameter's Python name
    body: Body | None = None
    contents: tuple[Content, ...] = ()  # the preferred one first
    links: tuple[Link, ...] = ()
    deprecated: bool = False
    repeatable: bool  # whether it is safe to retry after an ambiguous failure
    responses: Mapping[Status, ResponseParser[T_co]]
    errors: Mapping[Status, ResponseParser[Any]]
    credential: Credential | None = None
    further_credentials: tuple[Credential, ...] = ()  # sent at the same time
    accept: str = "application/json"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.method} {self.path})"


class ListOperation(Operation[T_co], Generic[T_co, T]):
    """An operation whose answer is an array, which can be read item by item."""

    item: Decoder[T]


class Operations(UserDict[str, Any]):
    """All operations by id; each is imported when it is asked for, from the module it has here."""

    def __init__(self, package: str, modules: Mapping[str, str]) -> None:
        super().__init__(modules)
        self._package = package

    def __getitem__(self, operation_id: str) -> Operation[Any]:
        operation: Operation[Any] = import_module(self.data[operation_id], self._package).OPERATION
        return operation


class Request(Record):
    """One request for an operation, encoded but for the parts of a multipart body."""

    path: str  # below the base URL, with the query
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    content_type: str | None = None
    files: RequestFiles | None = None
    arguments: Mapping[str, Any] = MappingProxyType({})  # by the parameter's Python name


def build_request(operation: Operation[Any], /, body: Any = UNSET, **arguments: Any) -> Request:
    """Return a request for an operation with these arguments.

    Raises:
        InvalidRequestError: One of them cannot be sent.
    """
    if operation.deprecated:
        warn_of(f"The operation {operation.id}")
    request = Request(path="", arguments=arguments)
    try:
        _place_arguments(request, operation, arguments)
        for content in operation.contents if body is not UNSET else ():
            if len(operation.contents) == 1 or isinstance(body, content.type):
                _place_body(request, operation, content, body)
                break
    except InvalidRequestError as error:
        error.operation_id = operation.id
        raise
    return request


def _place_arguments(
    request: Request, operation: Operation[Any], arguments: Mapping[str, Any]
) -> None:
    values, styles = defaultdict[str, Any](dict), defaultdict[str, Any](dict)
    for one in operation.parameters:
        value = arguments[one.python_name]
        style, kind, deprecated = operation.styles.get(one.python_name) or Style()
        if deprecated and value is not UNSET:
            warn_of(f"The parameter {one.name} of {operation.id}")
        if one.location == "path":
            value = encode.segment(value, one.python_name, kind, explode=style is not None)
        elif style is not None:
            styles[one.location][one.name] = style
        values[one.location][one.name] = value
    parts = _split_path(operation.path)
    request.path = "".join([values["path"][p] if at % 2 else p for at, p in enumerate(parts)])
    if {*values} - {"path"}:
        request.path += encode.query(values["query"], styles["query"])
        headers = encode.headers(values["header"], styles["header"])
        request.headers = (*headers, *encode.cookies(values["cookie"]))


@cache
def _split_path(path: str) -> list[str]:
    """Return literal text, as it is sent, and names of parameters in turn."""
    parts = re.split(r"\{([^{}]*)\}", path)
    return [p if at % 2 else quote(p, safe=_IN_PATHS) for at, p in enumerate(parts)]


def _place_body(request: Request, operation: Operation[Any], content: Content, body: Any) -> None:
    for name in content.deprecated:
        if name in encode.json_value(body):
            warn_of(f"The field {name} of {operation.id}")
    if content.kind == "files":
        request.files = body.to_multipart()
    else:
        request.content_type = content.media_type
        request.content = _WRITERS[content.kind](body)


def for_status(
    statuses: Mapping[Status, ResponseParser[T]], status: int
) -> ResponseParser[T] | None:
    """Return how the answer with this status is read: by the status, its range, or the default."""
    return statuses.get(status) or statuses.get(f"{status // 100}XX") or statuses.get("default")
