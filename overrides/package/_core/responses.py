"""From the response of a successful call to its value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar

from .._secrets import Secret
from ..types import Response
from . import encode, failures
from .array import ArrayReader
from .call import Call, RawResponse, TransportFailure
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
    mismatches: list[MismatchError] = []
    statuses = call.operation.responses
    documented = for_status(statuses, received.status)
    # A success that the specification does not name is taken where its body is the documented
    # one: a created client whose answer is thrown away is lost with its keys.
    for parser in statuses.values() if documented is None else [documented]:
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
        request_id=received.request_id(call.keys.values()),
        attempts=call.attempts,
    )


def is_long_list(call: Call[Any], received: RawResponse) -> bool:
    """Return whether the response is a list that is too long to be read at once."""
    return isinstance(call.operation, ListOperation) and len(received.content.reveal()) > _LONG


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
        self._problem: MismatchError | None = None

    def split(self, chunk: Secret[bytes] | TransportFailure) -> Iterator[Secret[bytes]]:
        """Yield a chunk in parts that are read without a pause, while all is well and in time."""
        if isinstance(chunk, TransportFailure):
            self._call.maybe_processed = chunk.maybe_processed
            reason = chunk.redact(self._call.keys.values()).reason
            raise failures.connection_error(self._call, reason, timed_out=chunk.timed_out)
        for start in range(0, len(chunk.reveal()), _SLICE):
            if self._call.deadline.remaining() == 0:
                self._call.maybe_processed = True
                budget = f"{self._call.deadline.budget:g} s"
                reason = f"the call's {budget} were over while the answer was read"
                raise failures.connection_error(self._call, reason, timed_out=True)
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
