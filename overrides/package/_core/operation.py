"""What an operation is, and a request for one."""

from __future__ import annotations

from base64 import b64encode
from collections import UserDict
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, NamedTuple, ParamSpec, TypeVar
from urllib.parse import quote

from .._secrets import Record, Secret
from ..errors import InvalidRequestError
from ..types import RequestFiles
from .decode import Decoder, ResponseParser

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
P = ParamSpec("P")

_IN_COOKIES: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"

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
    body: Body | None = None
    links: tuple[Link, ...] = ()
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
    # Those that a response repeats, by the parameter's Python name.
    arguments: Mapping[str, Any] = MappingProxyType({})


def building(operation: Operation[Any]) -> Callable[[Callable[P, Request]], Callable[P, Request]]:
    """Return a decorator for what builds an operation's requests: its refusals name that."""

    def decorate(build: Callable[P, Request]) -> Callable[P, Request]:
        @wraps(build)
        def build_named(*args: P.args, **kwargs: P.kwargs) -> Request:
            try:
                return build(*args, **kwargs)
            except InvalidRequestError as error:
                error.operation_id = operation.id
                raise

        return build_named

    return decorate


def for_status(
    statuses: Mapping[Status, ResponseParser[T]], status: int
) -> ResponseParser[T] | None:
    """Return how the answer with this status is read: by the status, its range, or the default."""
    return statuses.get(status) or statuses.get(f"{status // 100}XX") or statuses.get("default")
