# Edited in overrides/package/_core/json.py, from where `make generate` copies it.
"""JSON as the standard has it, which Python's own reader is laxer about."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn


class MalformedJSONError(ValueError):
    """The text is not JSON. The message never shows any of it."""


def _refuse_constant(name: str) -> NoReturn:
    # Python's reader takes NaN, Infinity and -Infinity, which JSON does not have.
    raise MalformedJSONError(f"{name} is not a JSON value")


DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def load(content: bytes) -> Any:
    """Return the JSON value in `content`, which is UTF-8, with or without a byte order mark.

    Raises:
        MalformedJSONError: It is not JSON, or is nested too deeply to be read.
    """
    # The error is raised outside the handlers: a chained one would carry the text along.
    try:
        return DECODER.decode(content.decode("utf-8-sig"))
    except MalformedJSONError as error:
        problem = str(error)
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        problem = "nested too deeply"
    except ValueError:
        # A number of more digits than Python converts; the limit is the interpreter's.
        problem = "a number of too many digits"
    raise MalformedJSONError(problem)


def dump(value: object) -> bytes:
    """Return `value` as compact UTF-8 JSON.

    Raises:
        TypeError: Something in it has no place in JSON.
        ValueError: A number is not finite, or the value contains itself.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()
