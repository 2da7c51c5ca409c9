# Edited in overrides/package/_core/parsers.py, from where `make generate` copies it.
"""How the body of an answer becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

from ..types import File
from . import json
from .decode import Decoder, MismatchError

T = TypeVar("T")
ResponseParser = Callable[[bytes], T]
"""Takes a body, returns its value or raises `MismatchError`."""


def json_parser(decoder: Decoder[T]) -> ResponseParser[T]:
    """Return a reader of JSON bodies."""

    def read(content: bytes) -> T:
        try:
            value = json.load(content)
        except json.MalformedJSONError as error:
            problem = str(error)
        else:
            return decoder(value)
        raise UnreadableError(f"JSON ({problem})")

    return read


def text_parser(decoder: Decoder[T]) -> ResponseParser[T]:
    """Return a reader of bodies of plain UTF-8 text."""

    def read(content: bytes) -> T:
        return decoder(content.decode("utf-8", "replace"))

    return read


def file_parser(content: bytes) -> File:
    """Return a body as a file."""
    return File(payload=BytesIO(content))


def empty_parser(content: bytes) -> None:
    """Return nothing, whatever the body."""


class UnreadableError(MismatchError):
    """A body is not of its media type at all."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected, None)
        self.found = "something else"
