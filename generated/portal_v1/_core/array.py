# Edited in overrides/package/_core/array.py, from where `make generate` copies it.
"""A JSON array read item by item while it arrives."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any

from .decode import MismatchError
from .json import DECODER, MalformedJSONError

_WHITESPACE = " \t\n\r"
_IN_NUMBERS = "+-.0123456789Ee"  # holds the empty string too: the end of a chunk


class NotAnArrayError(MismatchError):
    """The body is JSON, but no array."""


class ArrayReader:
    """Turns the chunks of a body into the items of the array that it holds.

    Memory holds one chunk and the item that is not whole yet, however long the array.
    """

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer = ""
        self._position = 0
        self._state = self._before_array
        self._arrived: list[str] = []
        self._waiting = 0
        self._wait_until = 0
        self._last = False

    def feed(self, chunk: bytes, *, last: bool = False) -> Iterator[Any]:
        """Yield the items that are whole now.

        Args:
            chunk: The next bytes of the body.
            last: Whether the body ends with them.

        Raises:
            MalformedJSONError: It is not JSON.
            NotAnArrayError: It is another JSON value.
        """
        try:
            self._arrived.append(self._text.decode(chunk, last))
        except UnicodeDecodeError:
            problem = "not UTF-8"
        else:
            self._waiting += len(self._arrived[-1])
            # A long item is looked at again only when twice as much of it is there: work
            # stays in proportion to the body's length.
            if last or self._waiting >= self._wait_until:
                self._buffer = self._buffer[self._position :] + "".join(self._arrived)
                self._arrived.clear()
                self._position = self._wait_until = 0
                self._last = last
                yield from self._items()
                self._waiting = len(self._buffer) - self._position
            return
        raise MalformedJSONError(problem)

    def _items(self) -> Iterator[Any]:
        while self._skip_whitespace():
            if self._state == self._after_array:
                raise MalformedJSONError("something follows the array")
            found = self._state()
            if found is None:
                return
            yield from found
        if self._last and self._state != self._after_array:
            raise MalformedJSONError("the array does not end")

    def _skip_whitespace(self) -> bool:
        while self._position < len(self._buffer):
            if self._buffer[self._position] not in _WHITESPACE:
                return True
            self._position += 1
        return False

    def _take(self, character: str) -> bool:
        if self._buffer[self._position] != character:
            return False
        self._position += 1
        return True

    def _before_array(self) -> tuple[Any, ...] | None:
        if self._take("["):
            self._state = self._before_first
            return ()
        # Not an array: read it, to tell other JSON from no JSON at all.
        value = self._value()
        if value is None:
            return None
        raise NotAnArrayError("array", value[0])

    def _before_first(self) -> tuple[Any, ...] | None:
        if self._take("]"):
            self._state = self._after_array
            return ()
        return self._before_item()

    def _before_item(self) -> tuple[Any, ...] | None:
        value = self._value()
        if value is not None:
            self._state = self._after_item
        return value

    def _after_item(self) -> tuple[Any, ...] | None:
        if self._take(","):
            self._state = self._before_item
        elif self._take("]"):
            self._state = self._after_array
        else:
            raise MalformedJSONError("an item is followed by neither a comma nor the end")
        return ()

    def _after_array(self) -> tuple[Any, ...] | None:
        raise MalformedJSONError("something follows the array")

    def _value(self) -> tuple[Any, ...] | None:
        """Return the value that begins here, in a tuple; None where it is not whole yet."""
        try:
            value, end = DECODER.raw_decode(self._buffer, self._position)
        except MalformedJSONError:
            raise
        except RecursionError:
            problem = "nested too deeply"
        except json.JSONDecodeError as error:
            problem = error.msg
            if not self._last:
                self._wait_until = 2 * (len(self._buffer) - self._position)
                return None
        except ValueError:
            problem = "a number of too many digits"
            if not self._last and self._goes_on(len(self._buffer)):
                return None
        else:
            if not self._last and type(value) in (int, float) and self._goes_on(end):
                return None
            self._position = end
            return (value,)
        raise MalformedJSONError(problem)

    def _goes_on(self, end: int) -> bool:
        """Return whether a number that ends here may go on in the next chunk."""
        return self._buffer[end : end + 1] in _IN_NUMBERS
