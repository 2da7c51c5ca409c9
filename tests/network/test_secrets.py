"""A canary in every place that holds a secret, on every path: none of them is ever seen."""

from __future__ import annotations

import functools
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from sample import (
    APIStatusError,
    InvalidResponseError,
    Sample,
    SampleError,
)
from sample._http import httpx

from tests.network._canary import CANARY, KEY, Seen, planted, watched
from tests.network._operations import (
    CREATE,
    GET,
    LIST,
    Operation,
    items,
    mocked,
    run,
)
from tests.network._server import head, raw, reply
from tests.network.conftest import Serve, each_mode, each_operation

ECHO = f"the key {KEY} is not known; Bearer {KEY} was sent"
PADDED = "x" * 280 + ECHO  # The key lies across the place where a long text is cut off.


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _escaped(text: str) -> bytes:
    """A JSON string in which every character is written as its number."""
    return b'"' + b"".join(b"\\u%04X" % ord(character) for character in text) + b'"'


def _failing(mode: str, handler: Any, act: Callable[[Any], Any], **options: Any) -> SampleError:
    """Return the error of a call, after a look at all that it shows."""
    with watched() as seen, pytest.raises(SampleError) as caught:
        mocked(mode, handler, act, key=KEY, max_attempts=1, **options)
    seen.error("the error", caught.value)
    assert seen.leaks == {}
    return caught.value


@each_mode
@each_operation
def test_an_answer_shows_no_secret_and_keeps_every_one(operation: Operation, mode: str) -> None:
    answer = planted(operation)
    with watched() as seen:
        value = mocked(
            mode, lambda _: httpx.Response(operation.status, json=answer), operation.call, key=KEY
        )
    seen.value("the answer", value)
    one, sent = (value[0], answer[0]) if isinstance(value, list) else (value, answer)
    seen.value("the additional fields' names", one.additional_keys)
    assert seen.leaks == {}
    assert one.to_dict() == sent


ERROR_BODIES = {
    "error text": _json({"error": ECHO}),
    "long error text": _json({"error": PADDED}),
    "escaped": b'{"error": ' + _escaped(ECHO) + b"}",
    "slashes escaped": _json({"error": ECHO}).replace(b"/", b"\\/"),
    "unknown field": _json({"error": "no", "sentKey": KEY, KEY: {"deep": KEY}}),
    "wrong type": _json({"error": 5, "echo": KEY}),
    "html": f"<html><body>{ECHO}</body></html>".encode(),
}


@each_mode
@pytest.mark.parametrize("body", ERROR_BODIES)
@pytest.mark.parametrize("status", [302, 400, 503])
def test_a_status_error_whose_text_holds_the_key(status: int, body: str, mode: str) -> None:
    headers = {"x-request-id": f"for-{KEY}", "www-authenticate": f"Bearer error={KEY}"}
    content = ERROR_BODIES[body]
    error = _failing(
        mode, lambda _: httpx.Response(status, content=content, headers=headers), GET.call
    )
    assert isinstance(error, APIStatusError)
    assert error.body == content
    if error.error and body not in {"wrong type", "unknown field"}:
        assert "the key" in error.error


INVALID: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda whole: whole[:-2],
    "not json": lambda whole: b"<html>" + whole,
    "nan": lambda whole: whole.replace(b"{", b'{"n": NaN, ', 1),
    "another type": lambda whole: _json(whole.decode()),
    "wrapped": lambda whole: b'{"data": ' + whole + b"}",
    "nested too deep": lambda whole: whole[:-1] + b"[" * 100_000,
    "an id that is none": lambda whole: whole.replace(b'"id": "', b'"id": 5, "was": "'),
    "secrets that are objects": lambda whole: whole.replace(
        f'"{CANARY}'.encode(), b'{"is": 1}, "x": "' + CANARY.encode()
    ),
}


@each_mode
@pytest.mark.parametrize("spoil", INVALID)
def test_an_invalid_response(spoil: str, mode: str) -> None:
    for operation, act in ((GET, GET.call), (LIST, items)):
        body = INVALID[spoil](_json(planted(operation)))
        error = _failing(mode, lambda _, body=body: httpx.Response(200, content=body), act)
        assert isinstance(error, InvalidResponseError)
        assert error.body == (body if act is GET.call else b"")
        assert CANARY.encode() in body


def test_a_client_shows_no_secret_whatever_it_is_asked_for() -> None:
    sources: list[Any] = [KEY, functools.partial(str, KEY), lambda: KEY]
    for source in sources:
        client = Sample(source, base_url="https://example.test", headers={"X-Session": KEY})
        copied = client.with_options(api_key=source, headers={"X-Other": KEY})
        seen = Seen()
        for one in (client, copied):
            seen.value("the client", one)
            pipeline = one._pipeline  # noqa: SLF001 - what it holds must not show either
            seen.value("its settings", pipeline.settings)
            seen.value("a resource", one.parcels)
            for name, value in vars(pipeline).items():
                seen.value(name, value)
        assert seen.leaks == {}
        with pytest.raises((TypeError, NotImplementedError, AttributeError)):
            pickle.dumps(client)


# --- over real sockets: what the libraries log, and what a broken server makes them say ---


@each_mode
def test_nobody_logs_a_secret_at_any_level(serve: Serve, mode: str) -> None:
    server = serve(reply(CREATE.status, _json(planted(CREATE))))
    ways: tuple[dict[str, Any] | None, ...] = (None, {})
    for given in ways:
        with watched() as seen:
            value = run(mode, server.url, CREATE.call, key=KEY, given=given)
        seen.value("the answer", value)
        assert seen.leaks == {}
    assert [one.headers("authorization") for one in server.requests] == [[f"Bearer {KEY}"]] * 2


def _chunked(body: bytes) -> bytes:
    return head(200, "Transfer-Encoding: chunked") + body


BROKEN_ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "status line that is the body": lambda body: body + b"\r\n\r\n",
    "header line that is the body": lambda body: b"HTTP/1.1 200 OK\r\n" + body + b"\r\n\r\n",
    "chunk size that is the body": lambda body: _chunked(body + b"\r\n"),
    "chunk cut short": lambda body: _chunked(b"fff\r\n" + body),
    "length that is longer": lambda body: head(200, "Content-Length: 99999") + body,
    "compressed": lambda body: head(200, "Content-Encoding: gzip") + body,
    "the request back": lambda _: f"HTTP/1.1 200 OK\r\n{KEY} Bearer {KEY}\r\n\r\n".encode(),
}


@each_mode
@pytest.mark.parametrize("given", [None, {}], ids=["own", "http_client"])
@pytest.mark.parametrize("spoil", BROKEN_ANSWERS)
def test_a_server_that_breaks_http_has_no_secret_shown(
    serve: Serve, spoil: str, given: dict[str, Any] | None, mode: str
) -> None:
    server = serve(raw(BROKEN_ANSWERS[spoil](_json(planted(GET)))))
    # Of a client that was given, httpcore quotes at DEBUG the bytes that broke the protocol.
    with (
        watched(but_for=() if given is None else ("httpcore",)) as seen,
        pytest.raises(SampleError) as caught,
    ):
        run(mode, server.url, GET.call, key=KEY, given=given, max_attempts=1)
    seen.error("the error", caught.value)
    assert seen.leaks == {}
