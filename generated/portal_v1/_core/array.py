# Edited in overrides/package/_core/array.py, from where `make generate` copies it.
"""A JSON array read item by item while it arrives."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from .decode import Decoder, anything
from .json import DECODER, MismatchError, UnreadableError, explain, load

_Utf8Decoder: Final = codecs.getincrementaldecoder("utf-8-sig")
_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_OPEN_NUMBER: Final = re.compile(r"(\.|[Ee][-+]?)?\Z")
_LONG: Final = 4096  # characters
_TOKEN: Final = 16  # characters, more than any word or escape of JSON has

_MARKS: Final = {"": "[", "[": "]", ",": "", "item": ",]", "]": ""}
"""The marks that may follow what was read last; after a mark that is no end a value may, too."""
_PROBLEMS: Final = {
    "item": "an item is followed by neither a comma nor the end",
    "]": "something follows the array",
}


class ArrayReader:
    """Turns the chunks of a body into the items of the array that it holds.

    Memory holds one chunk and the item that is not whole yet, however long the array.
    """

    def __init__(
        self, decode_item: Decoder[Any] = anything, largest_item: int | None = None
    ) -> None:
        self._decode_item = decode_item
        self._largest_item = largest_item
        self._text = _Utf8Decoder()
        self._pending: list[str] = []
        self._length = 0
        self._read_at = 0
        self._last = ""  # mark that was read, or "item"
        self._count = 0

    def feed(self, chunk: bytes, *, last: bool = False) -> Iterator[Any]:
        """Yield the items that are whole with the next bytes of the body.

        Raises:
            MismatchError: An item is not the documented one, or the body is no array.
        """
        try:
            self._pending.append(self._text.decode(chunk, last))
        except UnicodeDecodeError:
            problem = "not UTF-8"
        else:
            self._length += len(self._pending[-1])
            if last or self._length >= self._read_at:
                yield from self._read("".join(self._pending), last=last)
            return
        raise UnreadableError(f"JSON ({problem})")

    def _read(self, text: str, *, last: bool) -> Iterator[Any]:
        position = _skip_blanks(text, 0)
        several = True
        while position < len(text):
            if text[position] in _MARKS[self._last]:
                self._last = text[position]
                position += 1
            elif self._last in _PROBLEMS:
                raise UnreadableError(f"JSON ({_PROBLEMS[self._last]})")
            else:
                found = _read_objects(text, position) if several else None
                several = False
                found = found or _read_value(text, position, last=last)
                if found is None:
                    break
                values, position = found
                if self._last == "":
                    raise MismatchError("array", values[0])
                self._last = "item"
                try:
                    for value in values:
                        yield self._decode_item(value)
                        self._count += 1
                except MismatchError as mismatch:
                    raise mismatch.at(self._count) from None
            position = _skip_blanks(text, position)
        if last and self._last != "]":
            raise UnreadableError("JSON (the array does not end)")
        self._pending = [text[position:]]
        self._length = len(text) - position
        if self._largest_item is not None and self._length > self._largest_item:
            most = f"{self._largest_item:,} characters"
            raise UnreadableError(f"JSON (an item has more than {most})")
        # A long item is read again only when twice as much of it is there: the work stays in
        # proportion to the body's length.
        self._read_at = 2 * self._length if self._length > _LONG else 0


def _skip_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return position if found is None else found.end()


def _read_objects(text: str, position: int) -> tuple[list[Any], int] | None:
    """Return the objects that begin here, and where they end; None where it is not sure."""
    end = 1 + max(text.rfind("},{", position), text.rfind("}, {", position))
    try:
        return (load(f"[{text[position:end]}]".encode()), end) if end else None
    except UnreadableError:  # which of them it is, is found out one by one
        return None


def _read_value(text: str, position: int, *, last: bool) -> tuple[list[Any], int] | None:
    """Return the value that begins here and where it ends; None where it is not whole yet."""
    try:
        value, end = DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        open_string = error.msg.startswith("Unterminated string")
        if not last and (open_string or len(text) - error.pos < _TOKEN):
            return None
        unreadable = UnreadableError(f"JSON ({error.msg})")
    except (ValueError, RecursionError) as error:
        unreadable = explain(error)
    else:
        # A number may go on in the next chunk.
        if not last and type(value) in (int, float) and _OPEN_NUMBER.match(text, end):
            return None
        return [value], end
    raise unreadable
