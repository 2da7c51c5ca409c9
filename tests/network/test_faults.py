"""Each fault over real sockets: what is sent again, what is told, and that no secret is."""

from __future__ import annotations

import functools
import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from sample import APIStatusError, Sample, SampleError
from sample._http import httpx

from tests.network._faults import FAULTS, NEVER, Fault, Observation, observe
from tests.network._operations import (
    BASE_PATH,
    CREATE,
    KEY,
    KINDS,
    LIST,
    OPERATIONS,
    Operation,
    Seen,
    mocked,
    watched,
)
from tests.network._server import HOST, Recorded
from tests.network.conftest import each_mode

each_kind = pytest.mark.parametrize("operation", KINDS, ids=repr)


@each_mode
@each_kind
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault(fault: Fault, operation: Operation, mode: str) -> None:
    seen, times = observe(fault, operation, mode), fault.times(operation)
    server = seen.server
    for request in server.requests:
        if fault.way != "proxy":
            _is_documented(request, operation, server.port)
    if fault.phase == "connecting":
        assert KEY.encode() not in server.received
    else:
        assert len(server.requests) == (times if fault.phase.startswith("answer") else 0)
        assert len(server.peers) == times or server.requests
        sent = b"".join(one.head + b"\r\n\r\n" + one.body for one in server.requests)
        assert server.received == sent or not server.requests
    assert seen.pauses == [0.5, 1.0][: max(0, times - 1)]
    _is_told(fault, seen, times)


# httpx reads where a redirect leads, whether it is to follow it or not.
GIVEN = [one for one in FAULTS if one.way == "http" and "a location of" not in one.name]
# What is read item by item may be larger.
ITEMS = [one for one in GIVEN if one.again == NEVER and one.maybe and "larger" not in one.name]
OTHER_WAYS = [(one, "given") for one in GIVEN] + [(one, "items") for one in ITEMS]
# With a sync client that was given, a head ends when each of its reads does; see `Connection`.
BEYOND = {"the head drips", "100 Continue, again and again", "early hints without an end"}


@each_mode
@pytest.mark.parametrize(("fault", "way"), OTHER_WAYS, ids=lambda one: getattr(one, "name", one))
def test_a_fault_that_is_met_another_way(fault: Fault, way: str, mode: str) -> None:
    if (way, mode) == ("given", "sync") and fault.name in BEYOND:
        pytest.skip("the public interface of httpx cannot say so")
    operation = LIST if way == "items" else CREATE
    _is_told(fault, observe(fault, operation, mode, way), fault.times(operation))


def _is_documented(request: Recorded, operation: Operation, port: int) -> None:
    """Only what is documented is sent."""
    assert request.request_line == f"{operation.method} {BASE_PATH}{operation.path} HTTP/1.1"
    expected = {
        "host": [f"{HOST}:{port}"],
        "content-type": ["application/json"],
        "authorization": [f"Bearer {KEY}"],
        "accept": ["application/json"],
        "accept-encoding": ["identity"],
        "content-length": [str(len(request.body))],
        "cookie": [],
        "transfer-encoding": [],
    }
    if "localhost" not in request.headers("host")[0]:
        assert {name: request.headers(name) for name in expected} == expected
    assert json.loads(request.body) == json.loads(operation.sent)


def _is_told(fault: Fault, seen: Observation, times: int) -> None:
    assert seen.leaks == {}
    assert seen.over < 1.0
    if fault.error is None:
        assert seen.error is None
        return
    error = seen.error
    assert isinstance(error, SampleError), error
    assert type(error).__name__ == fault.error
    assert (error.attempts, error.maybe_processed) == (times, fault.maybe)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert str(error).isprintable()
    assert len(str(error)) < 1000
    assert "timeout" not in fault.options or re.search(r"the call's [\d.]+ s", str(error))
    by_proxy = fault.name.startswith(("proxy: it", "SOCKS5: it")) and not fault.options
    assert "the proxy did not connect to the server" in str(error) or not by_proxy


_TEXT = """\
# What a caller sees when things go wrong

The tests made this table, by letting each fault happen over real sockets, sync and async alike,
to an operation that may be sent again when nobody knows what became of it, and to one that may
not. Each call may be tried three times, the default. To make it anew:

    UPDATE=1 pytest tests/network/test_faults.py -k table

In a cell: the class of the error; how often the call was tried; `maybe_processed`, which is
whether the server may have acted on it. "The documented answer" stands for a call that succeeds
all the same.

| fault, while | repeatable | not repeatable |
| --- | --- | --- |
"""


def _render() -> str:
    """Return the table, as Markdown."""
    lines = []
    for fault in FAULTS:
        once, again = (observe(fault, operation, "sync").outcome for operation in KINDS)
        lines.append(f"| {fault.name}, {fault.phase} | {again} | {once} |\n")
    return _TEXT + "".join(lines)


def test_the_table_for_users_is_what_happens(repository: Path) -> None:
    table = repository / "docs" / "failures.md"
    if os.environ.get("UPDATE"):
        table.write_text(_render(), encoding="utf-8")
    assert _render() == table.read_text(encoding="utf-8"), (
        "Make it anew: UPDATE=1 pytest tests/network/test_faults.py -k table"
    )


# --- secrets, beside those of each fault ---

ECHO = f"the key {KEY} is not known; Bearer {KEY} was sent"


@each_mode
@pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
def test_an_answer_shows_no_secret_and_keeps_every_one(operation: Operation, mode: str) -> None:
    answer = operation.example
    with watched() as seen:
        value = mocked(
            mode, lambda _: httpx.Response(operation.status, json=answer), operation.call
        )
    seen.value("the answer", value)
    one, sent = (value[0], answer[0]) if isinstance(value, list) else (value, answer)
    seen.value("the additional fields' names", one.additional_keys)
    assert seen.leaks == {}
    assert one.to_dict() == sent


ERROR_BODIES: dict[str, bytes] = {
    "a text cut off amid the key": json.dumps({"error": "x" * 280 + ECHO}).encode(),
    "escaped": b'{"error": "%b"}' % b"".join(b"\\u%04X" % ord(one) for one in ECHO),
    "slashes escaped": json.dumps({"error": ECHO}).replace("/", "\\/").encode(),
    "other fields": json.dumps({"error": "the key", "sent": KEY, KEY: {"deep": KEY}}).encode(),
    "another type": json.dumps({"error": 5, "echo": KEY}).encode(),
}


@each_mode
@pytest.mark.parametrize("body", ERROR_BODIES)
def test_an_error_whose_text_holds_the_key(body: str, mode: str) -> None:
    content = ERROR_BODIES[body]
    with watched() as seen, pytest.raises(APIStatusError) as caught:
        mocked(mode, lambda _: httpx.Response(400, content=content), LIST.call)
    seen.error("the error", caught.value)
    assert seen.leaks == {}
    assert caught.value.body == content
    assert (caught.value.error is None) is (body == "another type")
    assert "the key" in (caught.value.error or "the key")


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
