"""Answers that are no JSON, which the V1 document has none of, read as the templates have them."""

from __future__ import annotations

from io import BytesIO

import pytest
from portal_v1._core import decode, parsers  # the templates' own interface, behind no public name
from portal_v1._core.parsers import ResponseParser
from portal_v1.types import File


def test_text() -> None:
    assert parsers.text_parser(decode.string)("grüße".encode()) == "grüße"
    assert parsers.text_parser(decode.string)(b"\xff") == "�"


def test_text_of_another_type() -> None:
    with pytest.raises(ValueError, match="date string"):
        parsers.text_parser(decode.date)(b"tomorrow")


def test_a_file() -> None:
    assert parsers.file_parser(b"\x00\x01").payload.read() == b"\x00\x01"


def test_nothing_whatever_the_body() -> None:
    read: ResponseParser[object] = parsers.empty_parser
    assert [read(body) for body in (b"", b"{}", b"<html>")] == [None] * 3


def test_a_file_within_a_model() -> None:
    file = File(BytesIO(b"x"), "x.txt", "text/plain")
    assert decode.file(file) is file
    assert decode.file(b"x").payload.read() == b"x"
    assert file.to_tuple() == ("x.txt", file.payload, "text/plain")
    with pytest.raises(ValueError, match="bytes"):
        decode.file("x")
