"""JSON as the standard has it, and how a value or a body can be another than documented."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final, NoReturn

from .. import _lazy
from ..types import Unset
from .frames import is_of_a_signal

_LONG: Final = 8192  # bytes that are worth a faster reader's import
_JSON_TYPES: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    Unset: "nothing",  # a field that is not there
}


class MismatchError(ValueError):
    """A value is not what the specification says. Of the value, only its type is kept."""

    def __init__(self, expected: str, value: object = None) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = _JSON_TYPES.get(type(value), "something else")
        self.path = "$"  # the place as a JSONPath, such as `$[3].address`

    def at(self, step: str | int) -> MismatchError:
        """Record that it happened under this field or at this index; from the inside out."""
        is_plain = isinstance(step, str) and re.fullmatch(r"[A-Za-z_]\w*", step, re.ASCII)
        self.path = "$" + (f".{step}" if is_plain else f"[{step!a}]") + self.path[1:]
        return self

    def __str__(self) -> str:
        return f"{self.path} has to be {self.expected}, and is {self.found}"


class UnreadableError(MismatchError):
    """A body is not of its media type at all."""

    def __str__(self) -> str:
        return f"the body is not {self.expected}"


def _refuse_constant(name: str) -> NoReturn:
    # Python's reader takes NaN, Infinity and -Infinity, which JSON does not have.
    raise UnreadableError(f"JSON ({name} is not a JSON value)")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


@cache
def _fast_reader() -> Callable[[bytes], Any] | None:
    """Return msgspec's reader where it is installed."""
    read: Callable[[bytes], Any] | None = None
    with suppress(ImportError):
        read = _lazy.load("msgspec.json").decode
    return read


def load(content: bytes) -> Any:
    """Return the JSON value in `content`, which is UTF-8, with or without a byte order mark.

    What is long is read by msgspec where that is installed. It takes nothing that Python's reader
    does not take, with the same value; what it refuses is read again, to say what is wrong with it.
    """
    fast_reader = _fast_reader() if len(content) > _LONG else None
    if fast_reader is not None:
        with suppress(ValueError, RecursionError):
            return fast_reader(content)
    try:
        return DECODER.decode(content.removeprefix(codecs.BOM_UTF8).decode())
    except (ValueError, RecursionError) as error:
        unreadable = explain(error)
    # It is raised outside the handler: a chained error would carry the text along.
    raise unreadable


def explain(error: ValueError | RecursionError) -> UnreadableError:
    """Return what is wrong with a text that Python's reader refused with this error."""
    if isinstance(error, UnreadableError):
        return error.with_traceback(None)
    if isinstance(error, UnicodeDecodeError):
        problem = f"not UTF-8 at byte {error.start}"
    elif isinstance(error, json.JSONDecodeError):
        problem = f"{error.msg} at line {error.lineno}, column {error.colno}"
    elif isinstance(error, RecursionError):
        problem = "nested too deeply"
    elif is_of_a_signal(error):
        raise error
    else:
        # A number of more digits than Python converts; the limit is the interpreter's.
        problem = "a number of too many digits"
    return UnreadableError(f"JSON ({problem})")


def dump(value: object) -> bytes:
    """Return `value` as compact UTF-8 JSON; a `TypeError` or `ValueError` where it has no place."""
    return _ENCODER.encode(value).encode()
