# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/types.py.jinja.
"""Types that requests, answers and models share."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import IO, Any, BinaryIO, Final, Generic, Literal, TypeVar, cast

from attrs import define, field, frozen

from . import errors as _errors
from ._secrets import Secret

T_co = TypeVar("T_co", covariant=True)
A_co = TypeVar("A_co", covariant=True)


class Unset:
    """The type of `UNSET`."""

    _only: Unset | None = None

    def __new__(cls) -> Unset:  # noqa: PYI034 - there is one object, of this class
        """Return the one object."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        # Copying and pickling give this object too.
        return "UNSET"


UNSET: Final = Unset()
"""Stands in a request for a value that is not sent at all; None is sent as null."""

FileContent = IO[bytes] | bytes | str
FileTypes = (
    tuple[str | None, FileContent, str | None]
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
RequestFiles = list[tuple[str, FileTypes]]
"""The parts of a multipart body: a name each, with file name, content and media type."""


@define
class File:
    """A file that is sent, or that was received.

    Attributes:
        payload: The content, as a binary file that is read from where it stands.
        file_name: The name to send it under.
        mime_type: Its media type.
    """

    payload: BinaryIO
    file_name: str | None = None
    mime_type: str | None = None

    def to_tuple(self) -> FileTypes:
        """Return the file as a part of a multipart body."""
        return self.file_name, self.payload, self.mime_type


def _number_of(headers: Mapping[str, str]) -> str:
    return f"{len(headers)} fields"


def _hide(content: bytes) -> Secret[bytes]:
    given: Any = content  # from the pipeline it comes hidden
    hidden: Secret[bytes] = given if given.__class__ is Secret else Secret(content)
    return hidden


@frozen
class Response(Generic[T_co]):
    """An answer with all that came with it.

    Attributes:
        status_code: Its status.
        headers: Its header fields; names are looked up in any case.
        parsed: What it says, as the documented type.
        request_id: The server's name for the request.
        attempts: How often the request was sent.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=_number_of)
    parsed: T_co
    _content: Secret[bytes] = field(alias="content", converter=_hide, repr=False)
    request_id: str | None
    attempts: int

    @property
    def content(self) -> bytes:
        """The body as it came. It may hold secrets."""
        return self._content.reveal()


@frozen
class Outcome(Generic[A_co, T_co]):
    """What became of one of the calls of `map`.

    Attributes:
        argument: What it was called with.
        value: What it returned; None where it failed.
        error: How it failed; None where it did not.
    """

    argument: A_co
    value: T_co | None = None
    error: _errors.PortalError | None = None

    def result(self) -> T_co:
        """Return the value.

        Raises:
            PortalError: The call failed.
        """
        if self.error is not None:
            raise self.error
        return cast("T_co", self.value)


class _OpenEnum:
    @classmethod
    def _missing_(cls: Any, value: object) -> Any:
        base: Any = str if issubclass(cls, str) else int
        if not isinstance(value, base) or isinstance(value, bool):
            return None
        member = base.__new__(cls, value)
        member._name_ = f"unknown value {value!r}"
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether the specification names this value."""
        enumeration: Any = type(self)
        return self in enumeration.__members__.values()


class OpenStrEnum(_OpenEnum, StrEnum):
    """Strings of which the specification names some. Others are taken as they come.

    A value that is not among the members makes an object of the class all the same; it is equal
    to its string, and `is_known` is False.
    """


class OpenIntEnum(_OpenEnum, IntEnum):
    """Integers of which the specification names some. Others are taken as they come.

    A value that is not among the members makes an object of the class all the same; it is equal
    to its integer, and `is_known` is False.
    """


__all__ = [
    "UNSET",
    "File",
    "FileContent",
    "FileTypes",
    "OpenIntEnum",
    "OpenStrEnum",
    "Outcome",
    "RequestFiles",
    "Response",
    "Unset",
]
