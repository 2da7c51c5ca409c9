"""JSON as the standard has it, which Python's own reader is laxer about."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Final, NoReturn

from .. import _lazy
from .frames import is_of_a_signal

_LONG: Final = 8192  # bytes that are worth a faster reader's import


class MalformedJSONError(ValueError):
    """The text is not JSON. The message never shows any of it."""


def _refuse_constant(name: str) -> NoReturn:
    # Python's reader takes NaN, Infinity and -Infinity, which JSON does not have.
    raise MalformedJSONError(f"{name} is not a JSON value")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


@cache
def _fast_reader() -> Callable[[bytes], Any] | None:
    """Return msgspec's reader where it is installed."""
    try:
        read: Callable[[bytes], Any] = _lazy.load("msgspec.json").decode
    except ImportError:
        return None
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
    # The error is raised outside the handlers: a chained one would carry the text along.
    try:
        return DECODER.decode(content.removeprefix(codecs.BOM_UTF8).decode())
    except MalformedJSONError as error:
        problem = str(error)
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        problem = "nested too deeply"
    except ValueError as error:
        if is_of_a_signal(error):
            raise
        # A number of more digits than Python converts; the limit is the interpreter's.
        problem = "a number of too many digits"
    raise MalformedJSONError(problem)


def dump(value: object) -> bytes:
    """Return `value` as compact UTF-8 JSON; a `TypeError` or `ValueError` where it has no place."""
    return _ENCODER.encode(value).encode()
