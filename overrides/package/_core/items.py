"""The items of a list answer, read and checked one by one while it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from .._secrets import Secret
from . import failures
from .array import ArrayReader, NotAnArrayError
from .call import Success
from .decode import MismatchError
from .effects import TransportFailure
from .json import MalformedJSONError
from .operation import ListOperation
from .parsers import UnreadableError

T = TypeVar("T")


class ItemReader(Generic[T]):
    """Turns the chunks of one answer into items.

    Args:
        operation: The operation that was called.
        success: Its answer, whose body is still to come.
    """

    def __init__(self, operation: ListOperation[Any, T], success: Success) -> None:
        self._operation = operation
        self._success = success
        self._array = ArrayReader()
        self._index = 0

    def feed(self, chunk: Secret[bytes] | TransportFailure) -> Iterator[T]:
        """Yield the items that are whole with this chunk.

        Raises:
            APIConnectionError: The chunk is a failure.
            InvalidResponseError: The answer is not the documented one.
        """
        if isinstance(chunk, TransportFailure):
            raise failures.connection_error(
                self._operation,
                chunk.reason,
                timed_out=chunk.timed_out,
                attempts=self._success.attempts,
                maybe_processed=chunk.maybe_processed,
            )
        return self._read(chunk, last=False)

    def end(self) -> Iterator[T]:
        """Yield the items that are whole now that the body has ended.

        Raises:
            InvalidResponseError: The answer is not the documented one.
        """
        return self._read(Secret(b""), last=True)

    def _read(self, chunk: Secret[bytes], *, last: bool) -> Iterator[T]:
        values = self._array.feed(chunk.reveal(), last=last)
        while True:
            item = failures.unreadable(self._success.received) or self._next(values)
            if isinstance(item, _End):
                return
            if isinstance(item, MismatchError):
                break
            yield item
        raise failures.invalid_response(
            self._operation, self._success.received, item, attempts=self._success.attempts
        )

    def _next(self, values: Iterator[Any]) -> T | MismatchError | _End:
        try:
            for value in values:
                item = self._operation.item(value)
                self._index += 1
                return item
        except MalformedJSONError as error:
            return UnreadableError(f"JSON ({error})")
        except NotAnArrayError as mismatch:
            return mismatch.with_traceback(None)
        except MismatchError as mismatch:
            # Its frames hold the values.
            return mismatch.at(self._index).with_traceback(None)
        return _End()


class _End:
    """There is no further item yet."""
