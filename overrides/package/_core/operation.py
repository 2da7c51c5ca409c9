"""What an operation is, and a request for one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, Final, Generic, Literal, NamedTuple, ParamSpec, TypeVar
from urllib.parse import quote

from attrs import define, field

from .._secrets import Secret, list_names
from ..errors import InvalidRequestError
from ..types import RequestFiles
from .decode import Decoder
from .parsers import ResponseParser

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
P = ParamSpec("P")

_IN_COOKIES: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"

Status = int | str
"""A status as a specification names it: 201, "4XX" or "default"."""


class Credential(NamedTuple):
    """How an operation wants the key.

    Attributes:
        header: The header field that carries it.
        scheme: What stands before it, as `Bearer`, or `name=` in a cookie; None for nothing.
        name: The security scheme, where it is another than that of `api_key`.
    """

    header: str
    scheme: str | None = None
    name: str | None = None

    def header_field(self, key: Secret[str]) -> tuple[str, Secret[str]]:
        """Return the header field that carries the key: its name and its value.

        A user name and password, with a colon between them, are encoded as `Basic` has them.
        """
        if self.scheme == "Basic" and ":" in key.reveal():
            key = Secret(b64encode(key.reveal().encode()).decode())
        if self.header == "Cookie":
            return self.header, Secret(f"{self.scheme}{quote(key.reveal(), safe=_IN_COOKIES)}")
        prefix = f"{self.scheme} " if self.scheme else ""
        return self.header, Secret(prefix + key.reveal())


class Parameter(NamedTuple):
    """A parameter of an operation, or a field of its body that its method takes as an argument.

    Attributes:
        name: Its name in the specification.
        python_name: Its name as an argument.
        location: Where it is sent.
        required: Whether it has to be given.
        secret: Whether its value is never to be shown.
        response_field: The field of a successful response that repeats it; None for none. A
            response with another value there is not the one to this request.
    """

    name: str
    python_name: str
    location: Literal["path", "query", "header", "cookie", "body"]
    required: bool
    secret: bool = False
    response_field: str | None = None


class Body(NamedTuple):
    """The body of an operation's requests.

    Attributes:
        media_types: Its media types, the preferred one first.
        model: The class of the model that it is, where it is one.
        arguments: The fields that the resource's method takes as arguments of its own; none
            where the body is passed whole, as `body`.
        required: Whether it has to be given.
    """

    media_types: tuple[str, ...]
    model: type[Any] | None = None
    arguments: tuple[Parameter, ...] = ()
    required: bool = False


class Link(NamedTuple):
    """What a response says of another operation that can be called with its values.

    Attributes:
        operation_id: The other operation's id.
        parameters: The runtime expression for each parameter of the other operation.
        body: The runtime expression for its body; None where the link gives none.
    """

    operation_id: str
    parameters: Mapping[str, Any]
    body: Any = None


@define(eq=False, kw_only=True)
class Operation(Generic[T_co]):
    """An operation as the specification describes it.

    Attributes:
        id: Its operationId; without one, the name of its module.
        method: Its HTTP method, in capitals.
        path: Its path as the specification has it, with the names of parameters in braces.
        resource: The client's attribute that has its method; several where it has several tags,
            of which this is the first.
        method_name: The name of its method on the resource.
        iterator_name: The name of the method that yields the items of a list; None for others.
        parameters: Its parameters, in the order of the document.
        body: Its body; None where it has none.
        links: What its successful responses say of other operations.
        repeatable: Whether it is safe to retry after an ambiguous failure.
        responses: How its documented answers are read.
        errors: How its documented errors are read.
        credential: How it wants the key; None where it wants none.
        further_credentials: How it wants the keys of other schemes at the same time.
        accept: The media types of its answers.
    """

    id: str
    method: str
    path: str
    resource: str
    method_name: str
    iterator_name: str | None = None
    parameters: tuple[Parameter, ...] = field(default=(), repr=False)
    body: Body | None = field(default=None, repr=False)
    links: tuple[Link, ...] = field(default=(), repr=False)
    repeatable: bool
    responses: Mapping[Status, ResponseParser[T_co]] = field(repr=False)
    errors: Mapping[Status, ResponseParser[Any]] = field(repr=False)
    credential: Credential | None = None
    further_credentials: tuple[Credential, ...] = ()
    accept: str = "application/json"


@define(eq=False, kw_only=True)
class ListOperation(Operation[T_co], Generic[T_co, T]):
    """An operation whose answer is an array, which can be read item by item.

    Attributes:
        item: How an item is read.
    """

    item: Decoder[T] = field(repr=False)


class Operations(Mapping[str, Operation[Any]]):
    """All operations by id; each is imported when it is asked for.

    Args:
        package: The package that the modules are relative to.
        modules: The module of each operation, by its id.
    """

    def __init__(self, package: str, modules: Mapping[str, str]) -> None:
        self._package = package
        self._modules = modules

    def __getitem__(self, operation_id: str) -> Operation[Any]:
        module = import_module(self._modules[operation_id], self._package)
        operation: Operation[Any] = module.OPERATION
        return operation

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


@define(eq=False)
class Request:
    """One request for an operation.

    Attributes:
        path: The path below the base URL, with the query; all of it encoded.
        headers: The header fields that the caller's arguments make.
        content: The body, encoded.
        content_type: The body's media type.
        files: The parts of a multipart body, which is encoded as it is sent.
        arguments: The arguments that a response repeats, by the parameter's Python name.
    """

    path: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=lambda h: list_names(dict(h)))
    content: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    files: RequestFiles | None = field(default=None, repr=False)
    arguments: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)


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
