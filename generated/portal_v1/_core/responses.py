# Edited in overrides/package/_core/responses.py, from where `make generate` copies it.
"""From the response of a successful call to its value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar

from .._secrets import Secret
from ..types import Response
from . import encode, failures
from .array import ArrayReader
from .call import Call, RawResponse, TransportFailure
from .decode import ResponseParser
from .json import MismatchError, UnreadableError
from .operation import ListOperation, for_status

T = TypeVar("T")
ItemT = TypeVar("ItemT")

LARGEST_ITEM: Final = 4 * 1024 * 1024
"""The characters that an item may have which is read while the list arrives."""

_SLICE: Final = 64 * 1024  # bytes that are read between two looks at the time
_LONG: Final = 4 * _SLICE  # bytes from which a list is read in slices


def read_response(call: Call[T], received: RawResponse) -> Response[T]:
    """Return the response as the caller sees it, if it is the documented one."""
    unreadable = failures.find_unreadable(received)
    if unreadable is not None:
        raise failures.invalid_response(call, received, unreadable)
    mismatches: list[MismatchError] = []
    for parser in _parsers(call, received.status):
        value = failures.try_parse(parser, received.content)
        if not isinstance(value, MismatchError):
            foreign = _find_foreign(call, value)
            if foreign is not None:
                raise failures.invalid_response(call, received, foreign)
            return build_response(call, received, value)
        mismatches.append(value)
    mismatches.append(UnreadableError("a documented answer"))
    raise failures.invalid_response(call, received, mismatches[0])


def build_response(call: Call[Any], received: RawResponse, value: T) -> Response[T]:
    content: Any = received.content  # it stays hidden on the way
    return Response(
        status_code=received.status,
        headers=received.headers,
        parsed=value,
        content=content,
        request_id=received.request_id,
        attempts=call.attempts,
    )


def is_long_list(call: Call[Any], received: RawResponse) -> bool:
    """Return whether the response is a list that is too long to be read at once."""
    return (
        isinstance(call.operation, ListOperation)
        and len(received.content.reveal()) > _LONG
        and failures.find_unreadable(received) is None
    )


def _parsers(call: Call[T], status: int) -> list[ResponseParser[T]]:
    documented = for_status(call.operation.responses, status)
    # A success that the specification does not name is taken where its body is the documented
    # one: a created client whose answer is thrown away is lost with its keys.
    return list(call.operation.responses.values()) if documented is None else [documented]


def _find_foreign(call: Call[Any], value: Any) -> MismatchError | None:
    """Return where the response is about something else than the request, if it is."""
    for parameter in call.operation.parameters:
        name, sent = parameter.response_field, call.request.arguments.get(parameter.python_name)
        if name is None or sent is None or not hasattr(value, "to_dict"):
            continue
        fields = value.to_dict()
        if name in fields and encode.text(fields[name]) != encode.text(sent):
            mismatch = MismatchError("the one that was asked for", None).at(name)
            mismatch.found = "another one"
            return mismatch
    return None


class ItemReader(Generic[ItemT]):
    """Turns the chunks of a list's body into items."""

    def __init__(
        self, call: Call[Any], received: RawResponse, largest_item: int | None = None
    ) -> None:
        operation: Any = call.operation
        self._call = call
        self._received = received
        self._array = ArrayReader(operation.item, largest_item)
        self._problem: MismatchError | None = failures.find_unreadable(received)

    def split(self, chunk: Secret[bytes] | TransportFailure) -> Iterator[Secret[bytes]]:
        """Yield a chunk in parts that are read without a pause, while all is well and in time."""
        if isinstance(chunk, TransportFailure):
            self._call.maybe_processed = chunk.maybe_processed
            failure = chunk.redact(self._received.secrets)
            raise failures.connection_error(self._call, failure.reason, timed_out=chunk.timed_out)
        for start in range(0, len(chunk.reveal()), _SLICE):
            if self._call.deadline.remaining() == 0:
                raise failures.late_reading(self._call)
            part = Secret(chunk.reveal()[start : start + _SLICE])
            if self._call.stream:
                self._call.size = (self._call.size or 0) + len(part.reveal())
            yield part
            self.check()

    def feed(self, part: Secret[bytes], *, last: bool = False) -> list[ItemT]:
        """Return the items that are whole with this part of the body, up to one that is wrong."""
        items: list[ItemT] = []
        try:
            if self._problem is None:
                # `extend` keeps the items before a wrong one.
                items.extend(self._array.feed(part.reveal(), last=last))
        except MismatchError as mismatch:
            self._problem = mismatch.with_traceback(None)
        return items

    def check(self) -> None:
        if self._problem is not None:
            raise failures.invalid_response(self._call, self._received, self._problem)
