"""What an operation is, and a request for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from ..types import RequestFiles
from .decode import Decoder
from .parsers import ResponseParser
from .secrets import Secret, list_names

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

Status = int | str
"""A status as a specification names it: 201, "4XX" or "default"."""

METHODS_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@frozen
class Credential:
    """How an operation wants the key: in this header, after this scheme."""

    header: str
    scheme: str | None = None

    def header_field(self, key: Secret[str]) -> tuple[str, Secret[str]]:
        """Return the header field that carries the key: its name and its value."""
        prefix = f"{self.scheme} " if self.scheme else ""
        return self.header, Secret(prefix + key.reveal())


@frozen
class Operation(Generic[T_co]):
    """An operation as the specification describes it.

    Attributes:
        id: Its operationId.
        method: Its HTTP method, in capitals.
        repeatable: Whether it may be sent again when nobody knows what became of it.
        responses: How its documented answers are read.
        errors: How its documented errors are read.
        credential: How it wants the key; None where it wants none.
        accept: The media types of its answers.
    """

    id: str
    method: str
    repeatable: bool
    responses: Mapping[Status, ResponseParser[T_co]] = field(repr=False)
    errors: Mapping[Status, ResponseParser[Any]] = field(repr=False)
    credential: Credential | None = None
    accept: str = "application/json"


@frozen
class ListOperation(Operation[T_co], Generic[T_co, T]):
    """An operation whose answer is an array, which can be read item by item.

    Attributes:
        item: How an item is read.
    """

    item: Decoder[T] = field(kw_only=True, repr=False)


@frozen
class Request:
    """One request for an operation.

    Attributes:
        path: The path below the base URL, with the query; all of it encoded.
        headers: The header fields that the caller's arguments make.
        content: The body, encoded.
        content_type: The body's media type.
        files: The parts of a multipart body, which is encoded as it is sent.
    """

    path: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=lambda h: list_names(dict(h)))
    content: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    files: RequestFiles | None = field(default=None, repr=False)


def for_status(
    statuses: Mapping[Status, ResponseParser[T]], status: int
) -> ResponseParser[T] | None:
    """Return how the answer with this status is read: by the status, its range, or the default."""
    return statuses.get(status) or statuses.get(f"{status // 100}XX") or statuses.get("default")
